"""pyproject.toml, the locks and environment.yml say the same, and no lock names a host."""
from __future__ import annotations

import re
import sys
import tomllib
from itertools import product

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

from pkvm_model.course.dev.hub import HUB
from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup import lock
from pkvm_model.course.setup.environment import COURSE, DEVELOP, read_lock
from pkvm_model.course.teach.check_nbgrader import GRADER

LOCKS = {environment.lock.stem: read_lock(environment) for environment in (COURSE, DEVELOP, GRADER, HUB)}
LOCK = LOCKS["develop"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()}
PINNED = dict(lock.list_pins(LOCK, lock.describe_interpreter()))
# What only the makers of the course use, and the size of it in an environment is why learners have a lock of their own.
TOOLS = {"hypothesis", "mypy", "numpy", "playwright", "ruff", "pytest-xdist"}
# Packages that have another name at conda-forge.
CONDA_NAMES = {"python-graphviz": "graphviz"}


def read_conda() -> tuple[dict[str, str], list[str]]:
    """Return the conda packages of environment.yml with their versions, and its lines for pip."""
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    packages = dict(line.partition("=")[::2] for line in lines if isinstance(line, str))
    return packages, next(line["pip"] for line in lines if isinstance(line, dict))


def list_entries(name: str) -> list[str]:
    """Return the entries of a lock: a package, its version, for which machines, its hashes."""
    return re.split(r"\n(?=\S)", LOCKS[name].strip())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|--extra|@ ", LOCKS[name])


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_a_version_and_hashes(name: str) -> None:
    entries = list_entries(name)
    assert len(entries) > 50
    assert not [entry for entry in entries if not lock.ENTRY.match(entry) or "--hash=sha256:" not in entry]


def test_what_learners_install_is_tested_as_it_is() -> None:
    assert set(list_entries("learn")) < set(list_entries("develop"))


@pytest.mark.parametrize("name", ["nbgrader", "hub"])
def test_nbgrader_and_the_hub_get_the_versions_of_the_course(name: str) -> None:
    pins = dict(lock.list_pins(LOCKS[name], lock.describe_interpreter()))
    assert {name: version for name, version in pins.items() if PINNED.get(name, version) != version} == {}


def test_learners_do_not_install_what_only_developers_use() -> None:
    assert not TOOLS & {name for name, _ in lock.list_pins(LOCKS["learn"], lock.describe_interpreter())}
    assert set(PINNED) >= TOOLS


@pytest.mark.parametrize(("name", "wanted"), [(name, wanted) for name in LOCKS
                                              for wanted in NEEDED + EXTRAS.get(name, [])], ids=str)
def test_a_lock_holds_what_the_project_asks_for(name: str, wanted: Requirement) -> None:
    pins = dict(lock.list_pins(LOCKS[name], lock.describe_interpreter()))
    assert wanted.specifier.contains(pins[wanted.name])


@pytest.mark.parametrize("wanted", NEEDED, ids=lambda wanted: wanted.name)
def test_conda_gets_the_versions_of_the_project_and_the_lock(wanted: Requirement) -> None:
    packages, pip_lines = read_conda()
    versions = {CONDA_NAMES.get(name, name): version for name, version in packages.items()}
    if wanted.name in versions:
        version = versions[wanted.name]
        assert f"{PINNED[wanted.name]}.".startswith(f"{version}.")
        assert wanted.specifier.contains(version)
    else:
        assert str(wanted) in pip_lines


def test_conda_gets_only_what_the_project_asks_for() -> None:
    packages, pip_lines = read_conda()
    known = {wanted.name for wanted in NEEDED} | {"python", "pip"}
    assert {CONDA_NAMES.get(name, name) for name in packages} <= known
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(packages["python"])
    assert [line for line in pip_lines if line not in map(str, NEEDED)] == ["--editable ."]


MARKERS = sorted({entry[1].strip() for entry in re.finditer(r";([^\\\n]*)", LOCK)})


@pytest.mark.parametrize("marker", [*MARKERS, "sys_platform == 'a' or os_name == 'nt' and sys_platform == 'linux'"])
def test_markers_mean_what_the_packaging_library_says(marker: str) -> None:
    here = lock.describe_interpreter()
    systems = [("linux", "posix"), ("darwin", "posix"), ("win32", "nt"), ("emscripten", "posix"), ("a", "nt")]
    for (system, family), version in product(systems, ["3.11.4", "3.11.10", "3.12.0", "3.13.1", "3.14.0"]):
        there = {**here, "sys_platform": system, "os_name": family, "python_full_version": version}
        assert lock.evaluate_marker(marker, there) == Marker(marker).evaluate({**there, "extra": ""})


def test_a_malformed_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot parse"):
        lock.evaluate_marker("os_name == 'nt' os_name", lock.describe_interpreter())


def test_the_running_environment_satisfies_its_own_versions_only() -> None:
    here = lock.describe_interpreter()
    line = f"pytest=={pytest.__version__} \\\n"
    assert list(lock.find_differences(line, here, sys.path)) == []
    assert list(lock.find_differences(line.replace("==", "==9"), here, sys.path)) == [
        f"pytest is {pytest.__version__}, the lock says 9{pytest.__version__}"
    ]


def test_the_project_has_no_settings_for_uv() -> None:
    # uv would apply them while it installs, and refuses a constraint next to a hash-locked file.
    assert "uv" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
