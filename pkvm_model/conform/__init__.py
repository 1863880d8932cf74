"""The evidence: the model compared with real kernels, and an interface through which your own checker can drive it.

The five functions below are the whole interface for other programs; docs/conformance.md describes it.
"""
from .driver import begin, new, resume, state, step

__all__ = ["begin", "new", "resume", "state", "step"]
