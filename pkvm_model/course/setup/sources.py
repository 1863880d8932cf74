"""Which of the user's settings reach uv and pip: those that say where packages come from. Standard library only.

Everything else (another target, another Python, a dry run, constraints, PYTHONHOME ...) would make an environment that
is not the lock's. So the installers read no configuration files; what may pass is handed over as variables.
"""
from __future__ import annotations

import configparser
import contextlib
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import CourseError
from . import wheels

HOSTILE = re.compile("PYTHON|PIP_|_PIP|UV_|__PYVENV_LAUNCHER__$|VIRTUAL_ENV|CONDA_PREFIX$|SSLKEYLOGFILE$")
"""The beginnings of the variables that the installers do not get to see."""
PIP_SETTINGS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert",
                "proxy", "timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir", "keyring-provider")
"""The settings of pip that say where packages come from, and how to get there."""
UV_VARIABLE = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)|FIND_LINKS|OFFLINE"
    r"|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|CACHE_DIR|NO_CACHE|\w+_TIMEOUT|HTTP_RETRIES|KEYRING_PROVIDER|LINK_MODE)")
"""The variables of uv that say the same; a setting in uv.toml has the name of its variable, but for UV_NAMES."""
UV_NAMES = {"allow-insecure-host": "UV_INSECURE_HOST", "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX"}
FROM_PIP = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
            "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}
"""What uv, which does not read pip's settings, is told if it has none of its own."""
CERTIFICATES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""The variables that name a file of certificates; pip knows only some of them."""


PIP_FILES = {"nt": ("$PROGRAMDATA/pip/pip.ini",),
             "posix": ("/Library/Application Support/pip/pip.conf", "$XDG_CONFIG_DIRS/pip/pip.conf", "/etc/pip.conf")}
PIP_USER_FILES = {"nt": ("~/pip/pip.ini", "$APPDATA/pip/pip.ini"),
                  "posix": ("~/.pip/pip.conf", "~/Library/Application Support/pip/pip.conf",
                            "$XDG_CONFIG_HOME/pip/pip.conf")}
UV_FILES = {"nt": ("$PROGRAMDATA/uv/uv.toml", "$APPDATA/uv/uv.toml"),
            "posix": ("$XDG_CONFIG_DIRS/uv/uv.toml", "/etc/uv/uv.toml", "$XDG_CONFIG_HOME/uv/uv.toml")}
"""The places of their configuration files by os.name, the strongest last."""
DEFAULTS = {"XDG_CONFIG_DIRS": "/etc/xdg", "XDG_CONFIG_HOME": "~/.config", "PROGRAMDATA": "C:/ProgramData",
            "APPDATA": "~/AppData/Roaming"}


def build_installer_variables() -> dict[str, str]:
    """Return the environment variables for uv and pip. Raise CourseError if a configuration file cannot be read."""
    kept = {name: value for name, value in os.environ.items() if not HOSTILE.match(name)}
    # Without -vv, pip keeps most of its reasons to itself. The lock's hashes make it safe for uv to look at any index.
    ours = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1", "PIP_RETRIES": "2", "PIP_VERBOSE": "2",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_CONFIG": "1", "UV_INDEX_STRATEGY": "unsafe-best-match",
            "PYTHONUTF8": "1"}
    if wheels.is_bundle():
        return kept | ours
    pip = read_pip_settings()
    for_pip = {f"PIP_{name.replace('-', '_').upper()}": value for name, value in pip.items()}
    return translate_for_uv(pip) | kept | ours | for_pip | read_uv_settings()


def translate_for_uv(pip: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings as variables of uv, if uv has none of its own."""
    if read_uv_settings():
        return {}
    variables = {FROM_PIP[name]: value for name, value in pip.items() if name in FROM_PIP}
    if "UV_FIND_LINKS" in variables:
        variables["UV_FIND_LINKS"] = ",".join(variables["UV_FIND_LINKS"].split())
    return variables


def read_pip_settings() -> dict[str, str]:
    """Return the permitted settings of pip from its files and variables, in pip's order; empty ones do not count."""
    files = [read_pip_file(path) for path in list_pip_files()]
    levels = [file[section] for section in ("global", "install") for file in files if section in file]
    levels.append({name[4:]: value for name, value in os.environ.items() if name.startswith("PIP_")})
    settings = {"cert": next(filter(None, map(os.environ.get, CERTIFICATES)), "")}
    for level in levels:
        settings |= {name.lower().replace("_", "-").lstrip("-"): value.strip() for name, value in level.items()}
    return {name: settings[name].replace("\n", " ") for name in PIP_SETTINGS if settings.get(name)}


def list_pip_files() -> list[Path]:
    """Return pip's configuration files, the strongest last; PIP_CONFIG_FILE stands for the user's own, or for none."""
    named = os.environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    users = () if named else PIP_USER_FILES[os.name]
    here = Path(sys.prefix, "pip.ini" if os.name == "nt" else "pip.conf")
    return list_files([*PIP_FILES[os.name], *users, str(here), named])


def list_files(places: Iterable[str]) -> list[Path]:
    """Return the files that there are at these places; a place may begin with a variable or with ~."""
    return [path for place in places for path in expand(place) if path.is_file()]


def expand(place: str) -> Iterator[Path]:
    """Yield the paths that a place stands for: several where the variable that it begins with is a list."""
    variable, _, rest = place.removeprefix("$").partition("/")
    folders = (os.environ.get(variable) or DEFAULTS[variable]).split(os.pathsep) if place.startswith("$") else []
    for path in [f"{folder}/{rest}" for folder in folders] or [place]:
        with contextlib.suppress(RuntimeError):  # There is no home.
            yield Path(path).expanduser()


def read_pip_file(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the sections of one of pip's configuration files."""
    parser = configparser.RawConfigParser()
    with explain_errors(path, "PIP_CONFIG_FILE"):
        parser.read_string(path.read_text(encoding="utf-8-sig", errors="replace"))
    return {name: dict(parser[name]) for name in parser.sections()}


def read_uv_settings() -> dict[str, str]:
    """Return the permitted settings of uv from its files and variables, as variables."""
    settings: dict[str, str] = {}
    named = os.environ.get("UV_CONFIG_FILE", "")
    files = [] if os.environ.get("UV_NO_CONFIG") else list_files([named] if named else UV_FILES[os.name])
    for path in files:
        with explain_errors(path, "UV_CONFIG_FILE"):
            settings |= read_uv_file(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    settings |= {name: value for name, value in os.environ.items() if name.startswith("UV_")}
    return {name: value for name, value in settings.items() if UV_VARIABLE.fullmatch(name) and value}


def read_uv_file(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of a uv.toml as variables."""
    flat = {**content, **content.get("pip", {})}
    indexes = [each for each in flat.pop("index", []) if isinstance(each, dict) and "url" in each]
    settings = {UV_NAMES.get(name, f"UV_{name.replace('-', '_').upper()}"): write_value(name, value)
                for name, value in flat.items() if not isinstance(value, dict)}
    others = [f"{each['name']}={each['url']}" if "name" in each else each["url"] for each in indexes]
    return settings | ({"UV_INDEX": " ".join(others)} if others else {})


def write_value(name: str, value: Any) -> str:
    """Return a value of a uv.toml as uv's variables write it."""
    if isinstance(value, list):
        return ("," if name == "find-links" else " ").join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextlib.contextmanager
def explain_errors(path: Path, variable: str) -> Iterator[None]:
    """Raise CourseError with one line if a configuration file cannot be read."""
    try:
        yield
    except (OSError, ValueError, AttributeError, TypeError, configparser.Error) as error:
        reason = " ".join(str(error).split())
        raise CourseError(f"{path} cannot be read ({reason}). Mend it, or set {variable} to another file, or to "
                          f"{os.devnull}.") from error
