"""What pyproject.toml cannot say: a package carries the notebooks, exercises, figures, docs and locks, too."""
from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONTENT = ("notebooks", "exercises", "figures", "docs", "locks")
EXTENSIONS = Path("pkvm_model/widgets/jupyter/labextensions")
"""What JupyterLab reads of the course; it looks for that in a folder of the environment."""


class BuildWithContent(build_py):
    """Builds the package, and puts what the course is beside its code into it; an editable one reads the checkout."""

    def run(self) -> None:
        """Copy the code, then the folders beside it, without what an earlier build has left."""
        super().run()
        if not self.editable_mode:
            content = Path(self.build_lib) / "pkvm_model" / "content"
            shutil.rmtree(content, ignore_errors=True)
            for name in CONTENT:
                shutil.copytree(name, content / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))


def list_extension_files() -> list[tuple[str, list[str]]]:
    """Return the folders of an environment that get files for JupyterLab, each with its files."""
    folders = sorted({path.parent for path in EXTENSIONS.rglob("*") if path.is_file()})
    return [(f"share/jupyter/labextensions/{folder.relative_to(EXTENSIONS).as_posix()}",
             sorted(path.as_posix() for path in folder.iterdir() if path.is_file())) for folder in folders]


if __name__ == "__main__":
    setup(cmdclass={"build_py": BuildWithContent}, data_files=list_extension_files())
