"""The environment that the course runs in: what it is, how it is made, how to run a program in it."""
