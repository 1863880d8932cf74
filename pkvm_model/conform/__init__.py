"""The evidence: the model beside what real kernels did, and the model for a checker of your own to drive.

The five functions below are the whole interface for other programs; docs/conformance.md describes it.
"""
from .driver import begin, new, resume, state, step

__all__ = ["begin", "new", "resume", "state", "step"]
