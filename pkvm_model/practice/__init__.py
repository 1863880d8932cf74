"""Exercises: their text, their checks, the process in which learners' code runs, and the learner's progress."""
