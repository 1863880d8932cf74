"""What a widget walks: the states around a scene, worked out in Python and shipped to the front end."""
