"""The commands of `python3 -m pkvm_model`: replay, conform, explore and machine."""
