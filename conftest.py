"""Settings of all tests: notebook kernels find the course, and the user's own IPython settings stay out."""
from __future__ import annotations

import os
import tempfile

import pytest

from pkvm_model.course.paths import HOME_VARIABLE, ROOT


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the comparison with all vectors, which takes minutes."""
    parser.addoption("--full", action="store_true", help="compare the model with all vectors, not only with a sample")
    parser.addoption("--vectors", metavar="FOLDER", default=str(ROOT.parent / "shared" / "conformance"),
                     help="the folder of all vectors (default: shared/conformance beside the checkout)")


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment that every kernel and subprocess of the tests inherits."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    os.environ.pop(HOME_VARIABLE, None)  # The copies of the course that tests make write into themselves.
    settings = tempfile.TemporaryDirectory(prefix="pkvm-ipython-", ignore_cleanup_errors=True)
    config.add_cleanup(settings.cleanup)
    os.environ["IPYTHONDIR"] = settings.name
