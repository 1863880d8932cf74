"""The benches of "Review the patch"."""
from ..revisions import V1
from .scene import LENT_PAGE, scene

YOUR_QUESTION = scene(
    "your-question", "A bench for your question", V1, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 0) whole",
     "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole"),
    "VM 0x1000 is alive and idle, and lends page g0; each CPU has two calls to make.")
