"""What is stored about larger machines is shown only if it is complete and about this model."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkvm_model.explore import stored
from pkvm_model.explore.check import HOLDS, VIOLATED
from pkvm_model.explore.stored import StaleRun, digest_model, explored, read_code
from pkvm_model.model.revisions import UPSTREAM
from pkvm_model.show.claim import claim

ROW = {"host": "two-pages", "revision": "upstream", "model": digest_model(), "states": 7, "transitions": 8, "depth": 2,
       "complete": True, "verdicts": {"I3": "holds", "I2x": "violated"},
       "violated": {"I2x": {"reason": "a page", "steps": 17, "trace": ""}}, "seconds": 1.5, "mebibytes": 90}


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is read in place of what the course has stored."""
    monkeypatch.setattr(stored, "STORED", tmp_path / "rows.jsonl")
    return tmp_path / "rows.jsonl"


def test_a_stored_run_answers_like_a_search(rows: Path) -> None:
    rows.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    report = explored("two-pages", UPSTREAM, "I3", "I2x")
    assert [answer.verdict for answer in report.answers] == [HOLDS, VIOLATED]
    assert claim("Fine.", explored("two-pages", UPSTREAM, "I3")).how == "checked in all 7 states"
    assert claim("Bad.", explored("two-pages", UPSTREAM, "I2x"), "violated").how == (
        "shown by a run of 17 steps, found among 7 states: a page")


@pytest.mark.parametrize("other", [{"model": "0123456789ab"}, {"complete": False}, {"host": "two-vms"}], ids=str)
def test_a_stale_or_missing_run_answers_nothing(rows: Path, other: dict[str, object]) -> None:
    rows.write_text(json.dumps(ROW | other) + "\n", encoding="utf-8")
    with pytest.raises(StaleRun, match=r"course\.py explore-all two-pages"):
        explored("two-pages", UPSTREAM, "I3")


def test_comments_and_docstrings_do_not_make_a_run_stale_but_code_does(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "PACKAGE", tmp_path)
    texts = ['"""Do it."""\nAT = 1  # one\n', '"""Do\nit well."""\n\nAT = 1\n"""What it is."""\n',
             "AT = 2\n", 'AT = "#"\n']
    codes = []
    for text in texts:
        (tmp_path / "a.py").write_text(text, encoding="utf-8")
        codes.append(read_code("a.py"))
    assert codes == ["AT=1", "AT=1", "AT=2", 'AT="#"']
