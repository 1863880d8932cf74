"""Visit every state that a machine can reach, and find the shortest way to a bad one."""
