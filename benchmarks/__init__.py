"""The explorer measured next to SPIN and TLC, on two small families of models."""
