"""Takes a kernel from a file: an image, packed or not, or a package with one. Standard library only."""
from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ...machine.image import read_image
from ...machine.unpack import LARGEST
from ...outside import OutsideError, read_file
from ..errors import CourseError
from . import package, store


def take_file(name: str) -> int:
    """Keep the kernel in a file. Raise CourseError with what the file really is if it has none."""
    path = Path(name).expanduser()
    with store.open_workshop() as workshop:
        print(keep_kernel(path, {"file": path.name}, workshop))
    return 0


def keep_kernel(path: Path, facts: dict[str, Any], workshop: Path) -> str:
    """Keep the kernel in a file with some facts about it, and return a sentence on that."""
    try:
        content = read_file(path, LARGEST)
        hidden = package.find_kernel(content) if package.is_package(content) else content
        image = read_image(hidden)
    except IsADirectoryError:
        raise CourseError(f"{path}: it is a folder. Name the kernel in it.") from None
    except OutsideError as error:
        raise CourseError(f"{path}: {error}.") from None
    if hidden is not content:
        facts = {**facts, "package_sha256": hashlib.sha256(content).hexdigest()}
    kept = store.keep(image, facts, workshop)
    return f"Linux {image.release} is in {kept.parent} ({len(image.content) // 10**6} MB)."
