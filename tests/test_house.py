"""House rules that a machine can check, by reading files only."""
from __future__ import annotations

import ast
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from tests.test_moved import IMPORTED

ROOT = Path(__file__).parents[1]
ROOMS = ["moved", "text", "typed", "schema", "outside", "place", "model", "kernel", "conform", "scenes", "explore",
         "show", "machine", "graphs", "practice", "widgets", "lesson", "commands", "course", "browser", "__main__"]
"""The rooms of pkvm_model, in the order of docs/architecture.md: each imports only from those before it."""
STANDARD_LIBRARY_ONLY = ["moved", "text", "typed", "schema", "outside", "place", "model", "kernel", "conform", "scenes"]
CORE = ["state", "revisions", "vm_table", "hypercalls"]
"""What a reader of the chapters on life cycle and teardown needs, apart from the view."""
MODEL = [*CORE, "view", "memory", "guest_memory", "protected_memory", "dispatch", "host", "steps", "run"]
CORE_LINES, MODEL_LINES = 550, 1300
"""Lines of code that fit into one sitting; both leave some room for changes."""

LONG_MODULE = 300
LONG_MODULES = {
    "pkvm_model/model/hypercalls.py": "EL2's side of a VM's life is read in one go, like the kernel's pkvm.c",
    "pkvm_model/model/host.py": "so is the host's side",
    "pkvm_model/graphs/contract.py": "the types of everything that Python sends to the front end, on one page"}
"""The modules that may have more than 300 lines, at most three, and why."""
PARTICIPLE = re.compile(
    "[a-z]*(?<!fe)(?<!ne)(?<!se)ed|told|found|made|given|known|shown|taken|kept|held|left|written|drawn|done|said")
LEARNERS_WORDS = {*" ".join(IMPORTED.values()).split(), "explored", "loaded", "passed", "replayed"}
"""Names that learners' cells import or call are kept, whatever part of speech they are."""
NOT_IMPERATIVE = re.compile(
    "(The|An?|What|How|Which|Wh[oy]|Whe(re|n|ther)|True|False|Nothing|No|All|Every|Each|Th[eio]se?|Its?|One|As|If|In|On"
    "|From|To|[A-Z][a-z]*[^s]s)[ ,.:;]")
"""How a function's docstring must not begin: with a noun phrase, a question, or a verb in the third person."""
MEDIAN_FUNCTION, P90_FUNCTION, LONGEST_FUNCTION = 5, 12, 40
"""The most lines, docstring included, of half of the functions, of nine tenths of them, and of any function."""
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def tracked_files() -> list[Path]:
    """Return the files that git tracks; skip the test where there is no git checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("this copy is not a git checkout, so its files are not listed")
    git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if git.returncode:
        pytest.skip(f"git does not list the files: {git.stderr}")
    names = git.stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def python_files(folder: str = "pkvm_model") -> list[Path]:
    """Return the Python files under a folder, except those that npm installs."""
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """Return the path of a file in the checkout, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    """Return the room of pkvm_model that a file is or belongs to."""
    return path.relative_to(ROOT / "pkvm_model").parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports; names of pkvm_model are resolved to the module."""
    package = ["pkvm_model", *path.relative_to(ROOT / "pkvm_model").parts[:-1]]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) + 1 - node.level] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            names = [alias.name for alias in node.names] if is_package(module) else [""]
            yield from (".".join([*module, name]).rstrip(".") for name in names)


def is_package(module: list[str]) -> bool:
    """Return True if a dotted name is one of our packages, from which whole modules can be imported."""
    return (ROOT.joinpath(*module) / "__init__.py").is_file()


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ARROWS = {room: re.findall(r"`(\w+)`", imports)
          for room, imports in re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", ARCHITECTURE, re.MULTILINE)}
"""Which rooms each room may import, as docs/architecture.md lists them."""


def rooms_used(path: Path) -> set[str]:
    """Return the other rooms that a file imports."""
    return {name.split(".")[1] for name in imports_of(path) if name.startswith("pkvm_model.")} - {room_of(path)}


@pytest.mark.parametrize("path", [p for p in python_files() if room_of(p) != "__init__"], ids=name_of)
def test_rooms_import_one_way(path: Path) -> None:
    assert room_of(path) in ROOMS, f"add {room_of(path)} to ROOMS and to docs/architecture.md"
    assert not {room for room in rooms_used(path) if ROOMS.index(room) > ROOMS.index(room_of(path))}
    allowed = {"text", "schema", "outside", *ARROWS[room_of(path)]}
    assert not rooms_used(path) - allowed, "docs/architecture.md does not list this import"


def test_the_page_on_architecture_lists_the_rooms_and_only_imports_that_exist() -> None:
    assert list(ARROWS) == ROOMS
    used: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in [p for p in python_files() if room_of(p) != "__init__"]:
        used[room_of(path)] |= rooms_used(path)
    assert {room: {*arrows} - used[room] for room, arrows in ARROWS.items() if {*arrows} - used[room]} == {}


@pytest.mark.parametrize("span", sorted({*re.findall(r"`([^`]+)`", ARCHITECTURE)}))
def test_the_page_on_architecture_names_only_what_exists(span: str) -> None:
    places = [ROOT / span, *(ROOT / "pkvm_model" / folder / span for folder in ("", "model", "widgets"))]
    if any(place.exists() or place.with_name(f"{place.name}.py").exists() for place in places):
        return
    assert "/" not in span, f"there is no {span}"
    source = "\n".join(path.read_text(encoding="utf-8") for path in python_files("pkvm_model/model"))
    assert not {word for word in re.findall(r"[A-Za-z_]\w+", span) if not re.search(rf"\b{word}\b", source)}


def imports_inside(folder: Path) -> dict[str, set[str]]:
    """Return which modules and subfolders of a folder import which others."""
    place = [*folder.relative_to(ROOT).parts]
    graph: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        if path.parent == folder and path.name == "__init__.py":
            continue
        own = path.relative_to(folder).parts[0].removesuffix(".py")
        names = [name.split(".") for name in imports_of(path)]
        graph.setdefault(own, set()).update(name[len(place)] for name in names
                                            if name[:len(place)] == place and len(name) > len(place))
        graph[own].discard(own)
    return graph


@pytest.mark.parametrize("folder", [path.parent for path in python_files() if path.name == "__init__.py"], ids=name_of)
def test_imports_have_no_cycle(folder: Path) -> None:
    TopologicalSorter(imports_inside(folder)).prepare()


def plain_files() -> list[Path]:
    """Return the files that use the standard library only; the explorer also uses numpy if it is there."""
    return [path for path in python_files() if room_of(path) in STANDARD_LIBRARY_ONLY]


@pytest.mark.parametrize("path", plain_files(), ids=name_of)
def test_the_model_imports_the_standard_library_only(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports_of(path)}
    assert outside - {"pkvm_model"} <= sys.stdlib_module_names


def test_the_model_runs_silently_without_any_installed_package() -> None:
    modules = [name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in plain_files()]
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {', '.join(modules)}"
    run = subprocess.run([sys.executable, "-S", "-I", "-B", "-c", script], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of a file, its classes and its public functions, but of nothing inside a function."""
    module = tree(path)
    yield "the module", ast.get_docstring(module) or ""
    queue: list[ast.AST] = list(module.body)
    for node in queue:
        if isinstance(node, Definition) and not is_private(node.name) and not explains_itself(node, path):
            yield node.name, ast.get_docstring(node) or ""
        if isinstance(node, ast.ClassDef):
            queue.extend(node.body)


def is_private(name: str) -> bool:
    """Return True if a name begins with an underscore, unless the kernel put it there."""
    return name.startswith("_") and not name.startswith(("__pkvm", "__kvm"))


def explains_itself(node: Definition, path: Path) -> bool:
    """Return True for a function of a test file without a docstring: its name is enough."""
    return path.is_relative_to(ROOT / "tests") and not isinstance(node, ast.ClassDef) and not ast.get_docstring(node)


@pytest.mark.parametrize("path", [*python_files(), *python_files("benchmarks"), *python_files("tests"),
                                  ROOT / "course.py", ROOT / "conftest.py"],
                         ids=name_of)
def test_every_docstring_begins_with_a_plain_sentence(path: Path) -> None:
    wrong = [name for name, text in docstrings(path) if not re.match(r"\S.*\.$", text.split("\n")[0])]
    assert not wrong


def test_modules_are_short_and_the_exceptions_have_reasons() -> None:
    long = {name_of(path) for path in python_files() if path.read_text(encoding="utf-8").count("\n") > LONG_MODULE}
    assert long == LONG_MODULES.keys()
    assert len(LONG_MODULES) <= 3


def functions(*folders: str) -> Iterator[tuple[str, Function]]:
    """Yield each function in these folders, with the path of its file and its line."""
    for path in [path for folder in folders for path in python_files(folder)]:
        yield from ((f"{name_of(path)}:{node.lineno}", node) for node in ast.walk(tree(path))
                    if isinstance(node, Function))


def count_lines(function: Function) -> int:
    """Count the lines of a function, its docstring included."""
    return (function.end_lineno or 0) - function.lineno + 1


def test_no_function_is_longer_than_forty_lines() -> None:
    assert not [place for place, node in functions("pkvm_model", "benchmarks") if count_lines(node) > LONGEST_FUNCTION]


def test_most_functions_are_short() -> None:
    lengths = sorted(count_lines(node) for _, node in functions("pkvm_model"))
    assert lengths[len(lengths) // 2] <= MEDIAN_FUNCTION
    assert lengths[len(lengths) * 9 // 10] <= P90_FUNCTION


def type_names(path: Path) -> Iterator[str]:
    """Yield the names of the classes and type aliases of a file, but not of its TypeVars."""
    yield from (node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))
    for node in tree(path).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        is_alias = not isinstance(getattr(node, "value", None), ast.Call)
        if isinstance(target, ast.Name) and re.match("[A-Z][a-z]", target.id) and is_alias:
            yield target.id


def test_the_name_of_a_type_is_unique() -> None:
    homes: dict[str, set[str]] = {}
    for path in python_files():
        for name in type_names(path):
            homes.setdefault(name, set()).add(name_of(path))
    assert not {name: sorted(paths) for name, paths in homes.items() if len(paths) > 1}


def is_property(function: Function) -> bool:
    """Return True for a property, which is named like an attribute."""
    return bool({"property", "cached_property"} & {ast.unparse(name) for name in function.decorator_list})


def test_a_function_is_named_by_a_verb_and_not_by_a_participle() -> None:
    assert not [f"{place} {node.name}" for place, node in functions("pkvm_model")
                if PARTICIPLE.fullmatch(node.name) and node.name not in LEARNERS_WORDS and not is_property(node)]


def test_the_docstring_of_a_function_begins_with_an_imperative_verb() -> None:
    wrong = {f"{place} {node.name}": text for place, node in functions("pkvm_model")
             if NOT_IMPERATIVE.match(text := ast.get_docstring(node) or "")
             and not is_property(node) and not re.fullmatch("__[a-z]+__", node.name)}
    assert not wrong


def code_lines(path: Path) -> int:
    """Count the lines of code in a file: no docstrings, no comments, no blank lines."""
    texts = {line for node in ast.walk(tree(path))
             if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
             for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return sum(not re.match(r"\s*(#|$)", line) for number, line in lines if number not in texts)


@pytest.mark.parametrize(("modules", "most"), [(CORE, CORE_LINES), (MODEL, MODEL_LINES)], ids=["core", "model"])
def test_the_model_fits_into_one_sitting(modules: list[str], most: int) -> None:
    lines = {name: code_lines(ROOT / f"pkvm_model/model/{name}.py") for name in modules}
    assert sum(lines.values()) <= most, lines


def code_cells(path: Path) -> list[dict[str, Any]]:
    """Return the code cells of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


NOTEBOOKS = sorted(path for folder in ("notebooks", "docs") for path in (ROOT / folder).rglob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_is_stored_after_a_run_from_top_to_bottom(path: Path) -> None:
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not cells or any(cell["outputs"] for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_stored_notebook_shows_no_error_and_nothing_on_stderr(path: Path) -> None:
    outputs = [output for cell in code_cells(path) for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]


PRIVATE = ("work", "root", "home", "Users", "tmp")
PRIVATE_PATH = re.compile(rf"(?<![\w.~*}}-])/({'|'.join(PRIVATE)})/\w")


def private_paths(path: Path) -> Iterator[str]:
    """Yield the paths in a file, unpacked if necessary, that belong to the machine of its author."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if any(f"/{name}/".encode() in data for name in PRIVATE):  # most files have none, and decoding is slow
        text = data.decode(errors="ignore")
        yield from (text[hit.start():hit.end() + 30] for hit in PRIVATE_PATH.finditer(text))


def test_no_tracked_file_names_a_path_of_its_authors_machine() -> None:
    assert not [f"{name_of(path)}: {name!r}" for path in tracked_files() for name in private_paths(path)]
