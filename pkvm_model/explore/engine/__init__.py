"""The search itself: states as numbers, recorded steps, and a breadth-first walk over them."""
