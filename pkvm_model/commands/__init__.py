"""The commands of `python3 -m pkvm_model`: replay, conform, explore, machine and record."""
