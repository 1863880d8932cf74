"""Lets the kernels that run the notebooks find the course, and keeps the user's own IPython settings out of them."""

import os
import tempfile

import pytest

from pkvm_model.course.paths import ROOT


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the comparison of all vectors, which takes minutes."""
    parser.addoption("--full", action="store_true", help="compare the model with all vectors, not only with a sample")
    parser.addoption("--vectors", metavar="FOLDER", default=str(ROOT.parent / "shared" / "conformance"),
                     help="where all vectors are (default: shared/conformance beside the checkout)")


def pytest_configure(config: pytest.Config) -> None:
    """Sets what every kernel and subprocess of the tests inherits."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    settings = tempfile.TemporaryDirectory(prefix="pkvm-ipython-", ignore_cleanup_errors=True)
    config.add_cleanup(settings.cleanup)
    os.environ["IPYTHONDIR"] = settings.name
