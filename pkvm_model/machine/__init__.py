"""A real kernel in an emulated machine: the model's steps made there, one by one, and what came of them."""
