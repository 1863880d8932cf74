"""Nothing depends on what a call's functions and local variables are called: no verdict, no sentence, no picture."""
from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from pkvm_model.explore.check import Exploration, Stuck, explore
from pkvm_model.explore.machines import Scripts
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.sequence import Sequence
from pkvm_model.model.revisions import UPSTREAM
from pkvm_model.model.run import CALLS
from pkvm_model.scenes import LENT_PAGE, SCENES, Scene, scene
from pkvm_model.show.story import play, play_out
from tests.model.renamed import rename_calls

RENAMINGS = 8
"""How many renamings of the whole model are made; each is tried on every example."""
HOST_LIFE = scene(
    "host-life", "A host that uses all its functions", UPSTREAM,
    "0 kvm_create_vm(kvm0)\n0 kvm_create_vcpu(kvm0, hv0.0)",
    ("kvm_vcpu_run(kvm0, hv0.0, g0, 0) whole\nfork_owner(kvm0)\nkvm_delete_memslot(kvm0)\nexit_mmap(kvm0, 1)\n"
     "kvm_close(kvm0, hv0.0)\nkvm_close(kvm0, kvm0)", "kvm_unmap(kvm0)"), "Nothing but a VM is there.")
AGEING = scene(
    "ageing", "Old pages and new rights", UPSTREAM, LENT_PAGE,
    ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_host_relax_perms_guest(0, RWX)\n__pkvm_host_mkyoung_guest(0)\n"
     "__pkvm_vcpu_sync_state()\n__pkvm_vcpu_put()", "__pkvm_host_test_clear_young_guest(0x1000, 0, 1, 1)"),
    "VM 0x1000 is alive, and lends page g0.")
NAMES = ("cold-open", "hole-again", "refused-at-the-end", "honest-after-repair", "find-the-hole", "held-at-start",
         "hole-flush", "loaded-twice", "take-home", "both-finalise", "old-memories", "guests-will", "still-works",
         "unknown-unshare", "old-name", "pair-goes-home", "still-alive", "hole-wrprotect", "hole-age",
         "honest-destroy", "by-force", "two-phases", "promise-gone", "never-ran")
EXAMPLES = {one.name: one for one in (HOST_LIFE, AGEING, *(SCENES[name] for name in NAMES))}
"""Scenes that together make every call, and references of every kind; a test says so."""


def shape(scene: Scene) -> Any:
    """Return what a learner sees of a scene: verdicts, sentences, and pictures, without digests of states."""
    report = explore(Scripts(scene), (*INVARIANTS, Stuck()))
    verdicts = [(answer.verdict, answer.reason, answer.run) for answer in report.answers]
    graph: Any = StateGraph(scene, 60).value()
    for state in graph["states"]:
        del state["digest"]
    run = next((run for _, _, run in verdicts if run), None)
    busy = next(cpu for cpu, script in enumerate(scene.scripts) if script)
    story = play(scene, *run) if run else play_out(scene, busy)
    along = Sequence(story.trace, scene.title, len(scene.setup)).value("along")
    return verdicts, report.states, graph, [line.partition(" ! ")[0] for line in story.outcomes], along


@cache
def shape_as_written(name: str) -> Any:
    """Return the same for the model as it is written."""
    return shape(EXAMPLES[name])


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("seed", range(RENAMINGS))
def test_a_renaming_of_all_calls_changes_nothing_that_is_shown(seed: int, name: str) -> None:
    example = EXAMPLES[name]
    calls = rename_calls(seed)
    renamed = replace(example, revision=example.revision._replace(functions={**calls, **example.revision.functions}))
    assert shape(renamed) == shape_as_written(name)


def list_calls(scene: Scene) -> set[str]:
    """Return the names of all calls that are made in some order of a scene."""
    exploration = Exploration(Scripts(scene), ())
    while exploration.advance():
        pass
    steps = [edge.label for tree in exploration.search.trees.values() for edge in tree.edges]
    made = {name for step in [*scene.run_setup(), *steps] for name, _, _ in step.answers}
    return made | {step.call.name for step in [*scene.run_setup(), *steps]}


def test_the_examples_make_every_call() -> None:
    assert set(CALLS) - set().union(*map(list_calls, EXAMPLES.values())) == set()
