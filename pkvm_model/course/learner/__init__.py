"""The learner's own copy: make it, update it, reset it, hand it in."""
