"""For those who teach: a class, its hand-ins, and grading."""
