"""A numpy that is missing or broken changes no answer; a broken numpy is reported once."""
from __future__ import annotations

import builtins
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from pkvm_model.explore.check import Limits, Sometimes, explore
from pkvm_model.explore.engine.choose import import_levels
from pkvm_model.explore.machines import AnyHost, every_call
from pkvm_model.model.revisions import PRE

ANY = AnyHost(PRE, every_call(PRE), most=1)
SHORT = Limits(states=1_000)
NEVER = (Sometimes("never", "Never.", lambda _: False),)


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget whether numpy works, before and after a test."""
    engine_modules = {f"pkvm_model.explore.engine.{name}" for name in ("levels", "arrays", "words")}
    kept = {name: module for name, module in sys.modules.items()
            if name in engine_modules or name.partition(".")[0] == "numpy"}
    for name in kept:
        del sys.modules[name]
    engine: Any = sys.modules["pkvm_model.explore.engine"]
    levels = vars(engine).pop("levels", None)
    import_levels.cache_clear()
    yield
    sys.modules.update(kept)
    if levels:
        engine.levels = levels
    import_levels.cache_clear()


def fail_on_numpy(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make every import of numpy raise this error."""
    real = builtins.__import__

    def fail(name: str, *args: Any) -> Any:
        if name == "numpy":
            raise error
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", fail)


def count_states() -> int:
    """Explore a host twice, with numpy from the first hundred states on, and return the number of states."""
    first, second = explore(ANY, NEVER, SHORT, many=100), explore(ANY, NEVER, SHORT, many=100)
    assert first.states == second.states
    return first.states


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("error", [
    ImportError("no C extension"), RuntimeError("CPU dispatcher"), OSError("libblas.so"), AttributeError("core"),
    ModuleNotFoundError("No module named 'numpy._core'", name="numpy._core")], ids=lambda error: type(error).__name__)
def test_a_broken_numpy_counts_as_missing_with_one_warning(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    fail_on_numpy(monkeypatch, error)
    with pytest.warns(RuntimeWarning, match=f"numpy does not work.*{type(error).__name__}") as reported:
        states = count_states()
    assert len(reported) == 1
    assert states == explore(ANY, NEVER, SHORT, many=float("inf")).states


@pytest.mark.usefixtures("fresh")
def test_a_missing_numpy_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_on_numpy(monkeypatch, ModuleNotFoundError("No module named 'numpy'", name="numpy"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert count_states() == explore(ANY, NEVER, SHORT, many=float("inf")).states
