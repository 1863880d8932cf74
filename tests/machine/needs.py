"""What tests that ask a real kernel need; without it they are skipped, and say what is missing."""
from __future__ import annotations

import pytest

from pkvm_model.conform.recordings.kernels import KERNELS, release_of
from pkvm_model.machine.image import RELEASE
from pkvm_model.machine.tools import find_tools
from pkvm_model.model.revisions import REVISIONS, Revision

TOOLS = find_tools()
needs_real_kernel = pytest.mark.skipif(
    bool(TOOLS.missing), reason=f"no real kernel can be started here: {'; '.join(TOOLS.missing)}")
"""Marks a test that boots a kernel in the emulated machine."""


def find_revision() -> Revision:
    """Return the revision that the kernel is an example of; skip the test if the course does not know its release."""
    assert TOOLS.kernel
    match = RELEASE.search(TOOLS.kernel.read_bytes())
    assert match
    release = release_of(match[1].decode().partition("+")[0])
    if release not in KERNELS:
        pytest.skip(f"the kernel here is of release {release}, and tests ask only those of {', '.join(KERNELS)}")
    return REVISIONS[KERNELS[release]]
