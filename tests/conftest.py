"""Settings of Hypothesis for all tests: the same examples each time, however slow the machine is. The built sites."""
from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("course", derandomize=True, deadline=None, database=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("course")


Build = Callable[[Path], object]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site without Python and return its folder."""
    return build_once("site", build_site, tmp_path_factory)


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build some pages of the site with Python, and return their folder. Skip the test if npm cannot fetch Python."""
    return build_once("live", build_live_site, tmp_path_factory)


@pytest.fixture(scope="session")
def kept_site(live_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the same pages as a course that can be kept on a device."""
    return build_once("kept", partial(seal_copy, live_site), tmp_path_factory)


@pytest.fixture(scope="session")
def lab_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the notebooks of the site, and return the folder in which lab/ is."""
    return build_once("notebooks", write_lab, tmp_path_factory)


def build_once(name: str, build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the processes of a test run share, and in which no test writes; the first one builds it.

    Skip the test if the packages of the site cannot be had.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            build_or_skip(build, folder)
    return folder


def build_or_skip(build: Build, folder: Path) -> None:
    """Build a folder, whole or not at all."""
    from pkvm_model.course.errors import CourseError  # noqa: PLC0415  # most test runs need no site

    half = folder.with_suffix(".half")
    try:
        build(half)
    except CourseError as error:
        shutil.rmtree(half, ignore_errors=True)
        pytest.skip(f"the site's packages cannot be had: {error}")
    half.rename(folder)


def build_site(folder: Path) -> None:
    """Build the site without Python."""
    from pkvm_model.course.site.build import build  # noqa: PLC0415  # see above

    build(folder, python=False)


def build_live_site(folder: Path) -> None:
    """Write pages, the editor and Python."""
    from tests.browser.site.exercise_site import write_site  # noqa: PLC0415  # see above

    write_site(folder)


def seal_copy(site: Path, folder: Path) -> None:
    """Copy a site and seal the copy."""
    from pkvm_model.course.site.seal import seal  # noqa: PLC0415  # see above

    seal(shutil.copytree(site, folder))


def write_lab(folder: Path) -> None:
    """Write lab/ with the notebooks."""
    from pkvm_model.course.site import lite  # noqa: PLC0415  # see above
    from pkvm_model.course.site.frame import Site  # noqa: PLC0415  # see above

    lite.write(Site(folder, python=True))
