"""A compact model of how Linux's protected KVM (pKVM, arm64) tears a virtual machine down."""
__version__ = "0.1.0"
