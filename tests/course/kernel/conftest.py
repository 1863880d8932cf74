"""A computer with a package client that is made up: it does as the real one, and writes down what it is told."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.kernel import apt
from pkvm_model.machine import tools
from pkvm_model.place import ROOT

FAKE = f"""#!{sys.executable} -IS
import json, os, pathlib, shutil, sys, time
home = pathlib.Path(sys.argv[0]).parents[1]
world = json.loads((home / "world.json").read_text())
program, words, settings = pathlib.Path(sys.argv[0]).name, sys.argv[1:], os.environ.get("APT_CONFIG")
text = pathlib.Path(settings).read_text() if settings else ""
with open(home / "log", "a") as log:
    print(json.dumps([program, *words, text]), file=log)
def fail(output):
    sys.exit(print(output, file=sys.stderr) or 100)
suite = pathlib.Path(settings).with_name("sources.list").read_text().split()[3] if settings else ""
if program == "apt-config":
    print(world["settings"])
elif "indextargets" in words and not suite:
    print(world["mirrors"].get(words[-1], ""))
elif "indextargets" in words:
    print(world["codenames"].get(suite, suite))
elif "update" in words:
    shutil.copy(pathlib.Path(settings).with_name("sources.list"), home / "sources")
    if suite in world["failures"]:
        fail(world["failures"][suite])
    if suite not in world["suites"]:
        fail(f"E: The repository 'http://mirror {{suite}} Release' does not have a Release file.")
elif "dumpavail" in words:
    print(world["suites"][suite])
elif "download" in words:
    if "download" in world["failures"]:
        fail(world["failures"]["download"])
    name = words[-1].replace("=", "_") + ".deb"
    pathlib.Path(name).write_bytes(b"half of it")
    while (home / "hold").exists():
        time.sleep(0.02)
    shutil.copy(home / "package", name)
"""


class Desk:
    """A computer on which `kernel` runs."""

    def __init__(self, folder: Path) -> None:
        """Begin with a client that has no suites; it stops in each download as long as the file `hold` is there."""
        self.folder, self.kernels, self.programs = folder, folder / "home" / "kernels", folder / "bin"
        self.sources, self.hold = folder / "sources", folder / "hold"
        self.programs.mkdir(parents=True)
        self.world: dict[str, Any] = {
            "settings": "", "mirrors": {"Label: Debian": "http://mirror"}, "suites": {}, "codenames": {},
            "failures": {}}
        for name in ("apt-get", "apt-cache", "apt-config"):
            (self.programs / name).write_text(FAKE)
            (self.programs / name).chmod(0o755)
        (folder / "keyring.gpg").touch()
        self.change()

    def change(self, **more: Any) -> None:
        """Change what the client meets."""
        self.world |= more
        (self.folder / "world.json").write_text(json.dumps(self.world))

    def offer(self, suite: str, *versions: str, size: int = 12_000_000) -> None:
        """Let a suite have these kernels, and packages that are none."""
        texts = [f"Package: {name}-{version}+deb13-arm64\nVersion: {version}-1~bpo13+1\nSize: {bytes_}\n"
                 f"Description: a kernel\n with: a colon\n"
                 for version in versions for name, bytes_ in (("linux-binary", size), ("linux-image", 1900))]
        others = [f"Package: {name}\nVersion: 9-1\nSize: 12000000\n"
                  for name in ("linux-image-arm64", "linux-binary-9.0+deb13-cloud-arm64", "bash")]
        self.world["suites"][suite] = "\n".join([*texts, *others])
        self.change()

    def put_package(self, content: bytes) -> None:
        """Let the client bring this package, whatever it is asked for."""
        (self.folder / "package").write_bytes(content)

    def read_log(self) -> list[list[str]]:
        """Return the calls of the client: program, words, settings."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def count_downloads(self) -> int:
        """Count the packages that were fetched."""
        return sum("download" in call for call in self.read_log())

    def list_files(self) -> list[str]:
        """Return what is in the folder of the kernels, but not the lock."""
        return sorted(path.name for path in self.kernels.iterdir() if path.name != ".lock")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command as a process of its own."""
        script = (f"import sys, pathlib; sys.path.insert(0, {str(ROOT)!r}); from pkvm_model.course import cli; "
                  "from pkvm_model.course.kernel import apt; from pkvm_model.machine import tools; "
                  f"tools.KERNELS = pathlib.Path({str(self.kernels)!r}); "
                  f"apt.KEYRINGS = (pathlib.Path({str(self.folder / 'keyring.gpg')!r}),); "
                  "sys.exit(cli.run_inside(['kernel', *sys.argv[1:]]))")
        return subprocess.Popen([sys.executable, "-c", script, *words], env={"PATH": str(self.programs)}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A computer with Debian's client, its keys and a mirror, but without a kernel."""
    desk = Desk(tmp_path / "desk")
    monkeypatch.setenv("PATH", str(desk.programs))
    monkeypatch.setattr(tools, "KERNELS", desk.kernels)
    monkeypatch.setattr(apt, "KEYRINGS", (desk.folder / "keyring.gpg",))
    monkeypatch.setattr(apt, "TEMPLATE", desk.folder / "Debian.info")
    monkeypatch.setattr(apt, "RELEASE", desk.folder / "os-release")
    monkeypatch.delenv(tools.KERNEL_VARIABLE, raising=False)
    return desk
