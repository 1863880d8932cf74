"""The bench of "Start here"."""
from dataclasses import replace

from ..revisions import V1
from .scene import LENT_PAGE, scene

COLD_OPEN = replace(scene(
    "cold-open", "Four calm clicks", V1, LENT_PAGE,
    ("__pkvm_host_unshare_guest(0x1000, 0)",
     "__pkvm_start_teardown_vm(0x1000) whole\n__pkvm_finalize_teardown_vm(0x1000) whole"),
    "VM 0x1000 is alive and idle; the host lends it page g0."), checks=False)
