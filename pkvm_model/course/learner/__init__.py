"""The learner's copy of the course, and each command that works on it."""
