"""The course as a program: set-up, the learner's copy, pages and bundles, teaching, building, and its command line."""
