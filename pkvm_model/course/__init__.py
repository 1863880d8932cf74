"""The learner's side of the course: set-up, the learner's copy, checks, the build and the command line."""
