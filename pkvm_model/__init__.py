"""A compact model of how Linux's protected KVM (pKVM, arm64) tears a virtual machine down."""
from . import moved

__version__ = "0.1.0"

moved.install()
