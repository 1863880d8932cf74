"""Exercises: their text, their checks, where learners' code runs, what is noted of it, and what the learner sees."""
