"""The checks, one module a chapter. A check has its exercise's name, and asks the model: it remembers no answer."""
