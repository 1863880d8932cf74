"""For teachers: a class's hand-ins and seats, and the exercises for nbgrader."""
