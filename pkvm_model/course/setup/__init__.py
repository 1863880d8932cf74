"""Finding or making the environment that the course runs in."""
