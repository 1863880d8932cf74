"""For people who work on the course: build, test, measure."""
