"""Of the settings of pip and uv, those that say where packages come from reach the installers, and no others."""
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup import process, sources, wheels
from pkvm_model.course.setup.environment import COURSE, DEVELOP
from tests.course.conftest import HOSTILE


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the user's configuration; there are no other settings, and no network."""
    for name in list(os.environ):
        if sources.HOSTILE.match(name) or name in sources.CERTIFICATES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    monkeypatch.setattr(sources, "PIP_FILES", {"posix": ("$XDG_CONFIG_DIRS/pip/pip.conf",)})
    monkeypatch.setattr(sources, "UV_FILES", {"posix": ("$XDG_CONFIG_HOME/uv/uv.toml",)})
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    return tmp_path / "config"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_hostile_variables_are_neutralised(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    variables = sources.build_installer_variables()
    assert {name for name in HOSTILE if variables.get(name) == HOSTILE[name]} == {"LC_ALL"}


def test_hostile_configuration_files_are_neutralised(config: Path) -> None:
    write(config / "pip" / "pip.conf", "[global]\nindex-url = https://mirror/\ntarget = /nowhere\n"
                                       "require-virtualenv = 1\n[install]\nuser = yes\nno-deps = 0\nconstraint = /no\n")
    write(config / "uv" / "uv.toml", '[pip]\ntarget = "/nowhere"\nno-deps = true\nindex-url = "https://uv-mirror/"\n')
    variables = sources.build_installer_variables()
    assert (variables["PIP_INDEX_URL"], variables["UV_DEFAULT_INDEX"]) == ("https://mirror/", "https://uv-mirror/")
    assert (variables["PIP_CONFIG_FILE"], variables["UV_NO_CONFIG"]) == (os.devnull, "1")
    hostile = ("_TARGET", "_USER", "_NO_DEPS", "_CONSTRAINT", "_VIRTUALENV")
    assert not [name for name in variables if name.endswith(hostile)]


def test_variables_win_over_the_users_file_and_that_over_the_systems(config: Path, tmp_path: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "system" / "pip" / "pip.conf", "[global]\ntimeout = 1\nretries = 1\nproxy = http://p1\n")
    write(config / "pip" / "pip.conf", "[global]\ntimeout = 2\nretries = 2\n[install]\nfind-links =\n  /a\n  /b\n")
    monkeypatch.setenv("PIP_TIMEOUT", "3")
    monkeypatch.setenv("PIP_INDEX_URL", "")
    assert sources.read_pip_settings() == {"timeout": "3", "retries": "2", "proxy": "http://p1", "find-links": "/a /b"}


def test_a_byte_order_mark_does_no_harm(config: Path) -> None:
    write(config / "pip" / "pip.conf", "\ufeff[global]\ntimeout = 2\n")
    write(config / "uv" / "uv.toml", "\ufeffoffline = true\n")
    assert (sources.read_pip_settings(), sources.read_uv_settings()) == ({"timeout": "2"}, {"UV_OFFLINE": "true"})


@pytest.mark.parametrize(("named", "timeout"), [(os.devnull, None), ("{tmp}/mine.conf", "9"), ("/nowhere", None)])
def test_the_named_file_stands_for_the_users(named: str, timeout: str | None, config: Path, tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "mine.conf", "[global]\ntimeout = 9\n")
    write(config / "pip" / "pip.conf", "[global]\nretries = 7\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", named.format(tmp=tmp_path))
    settings = sources.read_pip_settings()
    assert settings.get("timeout") == timeout
    assert "retries" not in settings


def test_uv_goes_where_pip_is_told_to_go(config: Path) -> None:
    write(config / "pip" / "pip.conf", "[global]\nindex-url = https://a/\nextra-index-url = https://b/\n  https://c/\n"
                                       "find-links = /d /e\ncert = /ca.pem\ntrusted-host = a\n")
    variables = sources.build_installer_variables()
    assert {name: variables[name] for name in sources.FROM_PIP.values() if name in variables} == {
        "UV_DEFAULT_INDEX": "https://a/", "UV_INDEX": "https://b/ https://c/", "UV_FIND_LINKS": "/d,/e",
        "SSL_CERT_FILE": "/ca.pem", "UV_INSECURE_HOST": "a"}


def test_indexes_of_uv_keep_their_names(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(config / "uv" / "uv.toml", 'native-tls = true\n[[index]]\nname = "corp"\nurl = "https://corp/"\n')
    monkeypatch.setenv("UV_INDEX_CORP_PASSWORD", "secret")
    monkeypatch.setenv("UV_PYTHON", "/nowhere")
    assert sources.read_uv_settings() == {"UV_NATIVE_TLS": "true", "UV_INDEX": "corp=https://corp/",
                                          "UV_INDEX_CORP_PASSWORD": "secret"}


@pytest.mark.parametrize("name", sources.CERTIFICATES)
def test_one_file_of_certificates_is_enough_for_both(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/ca.pem")
    variables = sources.build_installer_variables()
    assert (variables["PIP_CERT"], variables["SSL_CERT_FILE"]) == ("/ca.pem", "/ca.pem")


@pytest.mark.parametrize(("file", "text", "variable"), [
    ("pip/pip.conf", "no section = 1\n", "PIP_CONFIG_FILE"), ("uv/uv.toml", "no = toml = 1\n", "UV_CONFIG_FILE"),
    ("uv/uv.toml", "pip = 1\n", "UV_CONFIG_FILE")])
def test_a_broken_configuration_file_is_named(file: str, text: str, variable: str, config: Path) -> None:
    write(config / file, text)
    with pytest.raises(CourseError, match=rf"{file} cannot be read \(.*\)\. Mend it, or set {variable} to"):
        sources.build_installer_variables()


def test_in_a_bundle_no_setting_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "https://elsewhere/")
    monkeypatch.setattr(wheels, "is_bundle", lambda: True)
    assert "PIP_FIND_LINKS" not in sources.build_installer_variables()


@pytest.mark.parametrize("python", [COURSE.python, DEVELOP.python])
def test_in_an_environment_of_ours_nothing_comes_before_its_packages(python: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONIOENCODING",
                 "PYTHONPLATLIBDIR", "__PYVENV_LAUNCHER__", "JUPYTERLAB_DIR", "SSLKEYLOGFILE"):
        monkeypatch.setenv(name, "/old/ipywidgets")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    variables = process.build_variables(python)
    assert "/old/ipywidgets" not in variables.values()
    assert {name for name in variables if name.startswith("PYTHON")} == {"PYTHONPATH", "PYTHONUTF8",
                                                                        "PYTHONDONTWRITEBYTECODE"}
    assert variables["PYTHONPATH"] == str(ROOT)


def test_in_an_environment_of_the_users_own_the_course_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    assert process.build_variables(Path("/usr/bin/python3"))["PYTHONPATH"] == f"{ROOT}{os.pathsep}/theirs"


def test_a_process_that_adopts_the_variables_drops_the_hostile_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"PYTHONSTARTUP": "/nowhere", "HOME": "/home"})
    process.adopt_variables(COURSE.python)
    assert "PYTHONSTARTUP" not in os.environ
    assert (os.environ["HOME"], os.environ["VIRTUAL_ENV"]) == ("/home", str(COURSE.venv))


def test_pip_gives_all_its_reasons() -> None:
    # The outputs of the tests of causes were made with these.
    variables = sources.build_installer_variables()
    assert (variables["PIP_VERBOSE"], variables["PIP_NO_INPUT"], variables["PIP_RETRIES"]) == ("2", "1", "2")
