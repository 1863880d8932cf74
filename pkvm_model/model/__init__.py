"""The machine and its kernels: one frozen state, one short function a hypercall, one step at a time."""
