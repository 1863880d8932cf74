"""Pictures and words of the model: text, tables, graphs."""
