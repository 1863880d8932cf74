"""The hub of `docs/hub`, as it comes, with two learners: what each gets, what each may use, what ends and says so."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from benchmarks.class_hub import ClassHub, Learner, Shown, run_hub
from benchmarks.hub import EXERCISE, FIRST, check_answer
from pkvm_model.course.catch_up import STARTED_AGAIN
from pkvm_model.course.learner import handin
from tests.patience import wait_until

T = TypeVar("T")
MORE = 'c.JupyterHub.active_server_limit = 2\nc.Spawner.args += ["--CourseKernels.most=1"]\n'
ENDS_SOON = 'c.JupyterHub.services[0]["command"][-2:] = ["--timeout=1", "--cull-every=1"]\n'


def run(hub: ClassHub, work: Callable[[], Awaitable[T]]) -> T:
    """Return what some work on a hub gives."""
    return asyncio.run(hub.visit(lambda _: work()))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClassHub]:
    """Run the hub for two learners, each of whom may have one kernel."""
    with run_hub(tmp_path_factory.mktemp("hub"), MORE) as running:
        yield running


@pytest.fixture(scope="module")
def ada(hub: ClassHub) -> Learner:
    """Start the servers of two learners at once, and return one of them."""
    learners = [Learner(hub, name) for name in ("ada", "bob")]

    async def begin() -> None:
        await asyncio.gather(*(learner.begin() for learner in learners))

    run(hub, begin)
    return learners[0]


async def open_page(hub: ClassHub, path: str) -> tuple[str, dict[str, Any]]:
    """Return the address at which a page ends up, and what it tells JupyterLab."""
    request = HTTPRequest(hub.address + path, headers={"Authorization": f"token {hub.token}"})
    answer = await AsyncHTTPClient().fetch(request)
    _, _, rest = answer.body.decode().partition('id="jupyter-config-data"')
    return answer.effective_url, json.loads(rest[rest.index("{"):rest.index("</script>")])


def read_kernel(learner: Learner) -> psutil.Process:
    """Return a learner's one kernel, as soon as any other has ended."""
    wait_until(lambda: len(list_kernels(learner)) == 1)
    return list_kernels(learner)[0]


def list_kernels(learner: Learner) -> list[psutil.Process]:
    """Return a learner's kernels."""
    return [each for each in learner.find_processes() if "ipykernel_launcher" in read_words(each)]


def read_words(process: psutil.Process) -> list[str]:
    """Return the command line of a process, nothing if it has ended meanwhile."""
    try:
        return [*process.cmdline()]
    except psutil.NoSuchProcess:
        return []


def test_each_learner_has_a_copy_of_their_own_before_the_first_page(ada: Learner) -> None:
    copies = [ada.hub.folder / "homes" / name / "pkvm-course" / "my_work" for name in ("ada", "bob")]
    for copy in copies:
        assert (copy / FIRST).is_file()
        assert (copy / "exercises" / f"{EXERCISE}.ipynb").is_file()
    (copies[0] / FIRST).write_text("mine")
    assert (copies[1] / FIRST).read_text() != "mine"
    (copies[0] / FIRST).write_bytes((copies[1] / FIRST).read_bytes())


def test_the_first_page_is_the_first_notebook_without_news_or_a_manager_of_extensions(ada: Learner) -> None:
    address, page = run(ada.hub, lambda: open_page(ada.hub, "/user/ada/"))
    off = page["disabledExtensions"]
    assert address.endswith(f"/user/ada/lab/tree/{FIRST}")
    assert {"@jupyterlab/extensionmanager-extension", "@jupyterlab/apputils-extension:announcements"} <= set(off)
    assert not {"@jupyterlab/hub-extension", "@jupyterlab/terminal-extension"} & set(off)
    assert "pkvm-widgets" in [extension["name"] for extension in page["federated_extensions"]]
    assert page["buildCheck"] is False


def test_the_first_notebook_runs_and_an_answer_is_checked(ada: Learner) -> None:
    async def work() -> tuple[list[Shown], bool]:
        kernel = await ada.open(FIRST)
        return await kernel.run_all(), await check_answer(ada, EXERCISE)

    shown, passed = run(ada.hub, work)
    assert "bench" in [stored["kind"] for each in shown for stored in each.widgets.values()]
    assert passed


def test_kernels_listen_on_no_port_and_keep_to_the_limit_of_memory(ada: Learner) -> None:
    run(ada.hub, lambda: ada.open(FIRST))
    kernel = read_kernel(ada)
    connection = json.loads(Path(kernel.cmdline()[kernel.cmdline().index("-f") + 1]).read_text())
    assert connection["transport"] == "ipc"
    limits = Path(f"/proc/{kernel.pid}/limits").read_text().splitlines()
    assert next(line.split()[3:5] for line in limits if line.startswith("Max data size")) == [str(2**30)] * 2


def test_a_notebook_says_that_its_idle_kernel_ended_and_goes_on(ada: Learner) -> None:
    async def work() -> tuple[Shown, Shown]:
        first = await ada.open(FIRST)
        await first.run_all()
        await ada.open(f"exercises/{EXERCISE}.ipynb")  # one more than the learner may have
        again = await ada.open(FIRST)
        cell = list(again.cells)[-1]
        return await again.run(cell), await again.run(cell)

    said, later = run(ada.hub, work)
    assert STARTED_AGAIN in said.text
    assert STARTED_AGAIN not in later.text
    assert not said.error


def test_a_hand_in_lands_where_only_the_teacher_looks(ada: Learner) -> None:
    async def work() -> Shown:
        await check_answer(ada, EXERCISE)
        return await (await ada.open(FIRST)).run("new", "!handin Ada Lovelace")

    drop = ada.hub.folder / "drop"
    said = run(ada.hub, work).text
    assert "1 exercise, 1 of them solved" in said
    assert "On this hub that person has it now." in said
    assert handin.read(drop / "ada.json").name == "Ada Lovelace"
    assert (drop / "ada.json").stat().st_mode & 0o777 == 0o600
    assert drop.stat().st_mode & 0o7777 == 0o1733


def test_who_comes_when_all_places_are_taken_is_told_so(ada: Learner) -> None:
    with pytest.raises(HTTPClientError) as refused:
        run(ada.hub, lambda: Learner(ada.hub, "late").begin())
    assert refused.value.code == 429
    assert b"Active user limit exceeded" in refused.value.response.body


def test_a_server_that_idles_ends_with_all_its_processes(tmp_path: Path) -> None:
    with run_hub(tmp_path, ENDS_SOON) as hub:
        carol, log = Learner(hub, "carol"), tmp_path / "hub.log"
        run(hub, carol.ask_for_server)
        wait_until(lambda: "User carol took" in log.read_text())  # it may end before anybody has seen it ready
        wait_until(lambda: not run(hub, carol.find_server))
        wait_until(lambda: not carol.find_processes())
        assert "Culling server carol" in log.read_text()
