"""The notebooks of the browser edition: everything from locked packages, nothing from another host, the same bytes."""
from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner.my_work import CopyPaths, OpenCopy
from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup import lock
from pkvm_model.course.setup.environment import DEVELOP, read_lock
from pkvm_model.course.site import lite, lite_files, wheels
from pkvm_model.course.site.frame import Site
from pkvm_model.course.site.packages import install_packages
from pkvm_model.course.site.python_parts import PYODIDE, read_pyodide

NPM = ROOT / "pkvm_model" / "course" / "site" / "npm"
PINS = dict(lock.list_pins(wheels.LOCK.read_text(encoding="utf-8"), lock.describe_interpreter()))
WANTED = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["browser"]
ABSOLUTE = re.compile(rb"https?://(?!127\.0\.0\.1)[\w.-]+")


@pytest.fixture(scope="module")
def packages() -> dict[str, Path]:
    """The wheels of the lock, and the packages from npm, from the cache or from where they are published."""
    try:
        install_packages()
        return wheels.fetch_wheels()
    except CourseError as error:
        pytest.skip(f"the packages cannot be had: {error}")


@pytest.fixture(scope="module")
def lab(lab_site: Path) -> Path:
    """The folder lab/ of a site."""
    return lab_site / "lab"


@pytest.fixture(scope="module")
def settings(lab: Path) -> dict[str, Any]:
    """JupyterLite's settings."""
    whole: dict[str, Any] = json.loads((lab / "jupyter-lite.json").read_bytes())["jupyter-config-data"]
    return whole


def test_the_lock_names_no_host_and_has_a_hash_for_every_package() -> None:
    text = wheels.LOCK.read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|--extra|@ ", text)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    assert [entry for entry in entries if not lock.ENTRY.match(entry) or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("wanted", [Requirement(line) for line in WANTED], ids=str)
def test_the_lock_holds_what_the_project_asks_for(wanted: Requirement) -> None:
    assert wanted.specifier.contains(PINS[wanted.name])


def test_notebooks_get_the_versions_that_learners_have() -> None:
    learners = dict(lock.list_pins(read_lock(DEVELOP), lock.describe_interpreter()))
    assert {name: version for name, version in PINS.items() if learners.get(name, version) != version} == {}


def test_python_is_the_version_that_the_notebooks_kernel_was_made_for(packages: dict[str, Path]) -> None:
    installed = json.loads((NPM / "package-lock.json").read_bytes())["packages"]["node_modules/pyodide"]["version"]
    with zipfile.ZipFile(packages["jupyterlite-pyodide-kernel"]) as archive:
        texts = [archive.read(name) for name in archive.namelist() if name.endswith(".js")]
    assert {found for text in texts for found in re.findall(rb"/pyodide/v([0-9.]+)/full", text)} == {
        installed.encode()}


def test_every_wheel_is_listed_with_its_hash_and_nothing_else_is(lab: Path, settings: dict[str, Any]) -> None:
    options = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]["loadPyodideOptions"]
    listed = json.loads((lab / options["lockFileURL"]).read_bytes())["packages"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (lab / "wheels").glob("*.whl")}
    assert {entry["file_name"]: entry["sha256"] for entry in listed.values()} == found
    assert options["packages"] == sorted(listed)
    assert {"ipykernel", "piplite", "pyodide-kernel", "jedi", "ipython", "comm", "pkvm-course"} < set(listed)


def test_no_setting_leads_to_another_host(lab: Path, settings: dict[str, Any]) -> None:
    kernel = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["disablePyPIFallback"] is True
    for path in [lab / "jupyter-lite.json", lab / "lab" / "jupyter-lite.json", lab / "index.html",
                 lab / "prepare.js", lab / "service-worker.js", *(lab / "wheels").glob("*.json")]:
        assert ABSOLUTE.findall(path.read_bytes()) == []
    assert (lab / kernel["pyodideUrl"]).resolve() == lab.parent.resolve() / "assets" / "pyodide" / "pyodide.mjs"


def test_what_is_off_in_the_courses_jupyterlab_is_off_here(settings: dict[str, Any]) -> None:
    page = json.loads((lite.CONFIG / "page_config.json").read_bytes())["disabledExtensions"]
    assert set(page) < set(settings["disabledExtensions"])
    assert settings["settingsOverrides"]["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_every_extension_that_is_named_is_there(lab: Path, settings: dict[str, Any]) -> None:
    extensions = {extension["name"]: extension["load"] for extension in settings["federated_extensions"]}
    assert set(extensions) == {"@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension",
                               "anywidget", "pkvm-widgets"}
    assert all((lab / "extensions" / name / load).is_file() for name, load in extensions.items())


def test_no_source_maps_and_no_fonts_for_old_browsers_are_shipped(lab: Path) -> None:
    assert [path for path in lab.rglob("*") if path.suffix in (".map", ".eot", ".ttf", ".svg", ".woff")] == []
    assert sum(path.stat().st_size for path in lab.rglob("*") if path.is_file()) < 35_000_000


def test_the_learners_copy_is_there_and_listed(lab: Path, settings: dict[str, Any]) -> None:
    given = OpenCopy(CopyPaths()).files
    assert {path.relative_to(lab / "files").as_posix() for path in (lab / "files").rglob("*.ipynb")} == set(given)
    lists = [json.loads((lab / "api" / "contents" / folder / "all.json").read_bytes())["content"]
             for folder in ("", "exercises")]
    assert {entry["path"] for entries in lists for entry in entries if entry["type"] == "notebook"} == set(given)
    assert set(settings["courseVersions"]) == set(given)


def test_a_stored_text_is_in_one_piece_and_otherwise_as_it_was(lab: Path) -> None:
    for name, content in OpenCopy(CopyPaths()).files.items():
        before, after = json.loads(content), json.loads((lab / "files" / name).read_bytes())
        outputs = [output for cell in after["cells"] for output in cell.get("outputs", [])]
        assert all(isinstance(output["text"], str) for output in outputs if output["output_type"] == "stream")
        assert [join_texts(cell) for cell in before["cells"]] == [join_texts(cell) for cell in after["cells"]]


def join_texts(value: Any) -> Any:
    """Return a value with each list of texts in one piece."""
    if isinstance(value, dict):
        return {name: join_texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return "".join(value) if value and all(isinstance(part, str) for part in value) else [*map(join_texts, value)]
    return value


def test_another_text_is_another_version_of_a_notebook() -> None:
    notebook = {"cells": [{"cell_type": "markdown", "source": ["one"]}], "metadata": {}}
    other = {**notebook, "cells": [{"cell_type": "markdown", "source": ["two"]}]}
    versions = [json.loads(lite_files.prepare(json.dumps(each).encode()))["metadata"]["course"]
                for each in (notebook, other, notebook)]
    assert versions[0] == versions[2] != versions[1]


def test_the_service_worker_names_every_file_with_its_hash(lab: Path) -> None:
    match = re.search(r"const \{ version, files \} = (\{.*?\n\});", (lab / "service-worker.js").read_text(), re.DOTALL)
    assert match
    files = json.loads(match[1])["files"]
    shipped = {path.relative_to(lab).as_posix() for path in lab.rglob("*") if path.is_file()} - {"service-worker.js"}
    assert set(files) == shipped | {f"../assets/pyodide/{name}" for name in PYODIDE}
    for name, digest in files.items():
        shared = name.removeprefix("../assets/pyodide/")
        content = (lab / name).read_bytes() if shared == name else read_pyodide()[shared]
        assert digest == "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_the_same_course_gives_the_same_bytes(lab: Path, tmp_path: Path) -> None:
    lite.write(Site(tmp_path, python=True))
    again = tmp_path / "lab"
    files = [path.relative_to(lab) for path in lab.rglob("*") if path.is_file()]
    assert [name for name in files if (lab / name).read_bytes() != (again / name).read_bytes()] == []


def test_our_script_runs_before_jupyterlites_own(lab: Path) -> None:
    page = (lab / "lab" / "index.html").read_text(encoding="utf-8")
    assert 0 < page.index("import('../prepare.js')") < page.index("'../config-utils.js")


def test_a_site_without_python_has_no_notebooks(tmp_path: Path) -> None:
    lite.write(Site(tmp_path, python=False))
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_jupyterlite_that_begins_otherwise_is_refused() -> None:
    with pytest.raises(CourseError, match="begins in another way"):
        lite.begin_with_ours(b"<html></html>")
