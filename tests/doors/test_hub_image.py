"""The steps of `docs/hub/Dockerfile` and of repo2docker in a plain Debian: the course works, and stays as it is."""
from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkvm_model.course.dev.hub import FOLDER
from tests.doors.debian import debian_root
from tests.doors.desks import copy_checkout

FIRST = "01-start-here.ipynb"


@dataclass
class Image:
    """What a Dockerfile has made so far: the root, the variables, the user, what runs before each command."""

    root: Path
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
    user: str = "root"
    entry: tuple[str, ...] = ()

    def build(self, dockerfile: str) -> None:
        """Follow a Dockerfile line by line."""
        for line in filter(None, (line.split("#")[0].strip() for line in dockerfile.splitlines())):
            word, _, rest = line.partition(" ")
            match word:
                case "RUN":
                    self.run("sh", "-c", rest, PIP_CERT="/ca.crt")
                case "COPY":
                    copy_checkout(self.root / rest.split()[1].lstrip("/"))
                case "ENV":
                    self.variables |= dict(part.split("=", 1) for part in shlex.split(rest))
                case "USER":
                    self.user = rest
                case "ENTRYPOINT":
                    self.entry = tuple(json.loads(rest))
                case _:
                    assert word in ("FROM", "WORKDIR", "CMD"), f"nobody follows {word} here"

    def run(self, *command: str, **more: str) -> str:
        """Run a command in the image as its user, and return what it prints. Raise AssertionError if it fails."""
        home = "/root" if self.user == "root" else f"/srv/{self.user}"
        variables = [f"{name}={value}" for name, value in ({"HOME": home} | self.variables | more).items()]
        done = subprocess.run(["chroot", f"--userspec={self.user}", self.root, "env", "-i", *variables, *command],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout[-1000:]}{done.stderr[-1000:]}"
        return done.stdout

    def start(self, *command: str) -> str:
        """Run a command as a container of the image does, and return what it prints."""
        return self.run(*self.entry, *command)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Build the image."""
    with debian_root() as root:
        built = Image(root)
        built.build((FOLDER / "Dockerfile").read_text())
        yield built


def test_a_container_makes_the_learner_s_copy_and_its_first_notebook_runs(image: Image) -> None:
    copy = "/srv/learner/pkvm-course/my_work"
    assert image.start("jupyterhub-singleuser", "--version").splitlines()[-1].startswith("6.1")
    image.start("jupyter", "execute", "--inplace", f"{copy}/{FIRST}")
    cells = json.loads((image.root / copy.lstrip("/") / FIRST).read_text())["cells"]
    assert any("application/vnd.pkvm.widget+json" in output.get("data", {})
               for cell in cells for output in cell.get("outputs", []))


def test_nobody_can_change_the_course_in_the_image(image: Image) -> None:
    assert image.run("find", "/opt/pkvm-course", "/opt/hub", "-writable", "-not", "-type", "l") == ""


def test_a_new_home_gets_a_copy_and_an_old_one_keeps_its_work(image: Image) -> None:
    copy = image.root / "srv" / "learner" / "pkvm-course"
    shutil.rmtree(copy, ignore_errors=True)
    image.start("true")
    assert (copy / "my_work" / FIRST).stat().st_size > 1000
    (copy / "my_work" / FIRST).write_text("mine")
    image.start("true")
    assert (copy / "my_work" / FIRST).read_text() == "mine"
    shutil.rmtree(copy)


def test_what_repo2docker_runs_makes_the_copy_that_a_visitor_opens(image: Image) -> None:
    """It copies the repository into the home, makes an environment, and runs postBuild; start begins each server."""
    checkout = image.root / "srv" / "learner" / "repository"
    copy_checkout(checkout)
    subprocess.run(["chown", "--recursive", "--no-dereference", "1000:1000", checkout], check=True)
    visitor = Image(image.root, {"PATH": image.variables["PATH"]}, "learner", ("env", "-C", "/srv/learner/repository"))
    visitor.start("./postBuild")
    assert (checkout / "my_work" / FIRST).is_file()
    assert "pkvm_model/course/jupyter" in visitor.start("./start", "jupyter", "kernelspec", "list")
