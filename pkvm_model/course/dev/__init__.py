"""For those who work on the course: build, test, measure."""
