"""Files from outside are read whatever wrote them, and what cannot be read is refused with the true reason."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from pkvm_model.outside import OutsideError, decode, escape, read_file, read_text

TEXT = '{"name": "Zoë, Łukasz, Ζωή, Юлия, 美咲"}\n'


def find_refusal(content: bytes) -> str:
    """Return why bytes are refused as text."""
    with pytest.raises(OutsideError) as refused:
        decode(content)
    return str(refused.value)


@pytest.mark.parametrize("content", [TEXT.encode(), TEXT.encode("utf-8-sig"), ("\ufeff" + TEXT).encode("utf-8-sig"),
                                     TEXT.replace("\n", "\r\n").encode(), TEXT.replace("\n", "\r").encode()])
def test_a_mark_and_other_line_ends_do_not_count(content: bytes) -> None:
    assert decode(content) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(encoding: str) -> None:
    assert find_refusal(TEXT.encode(encoding)) == "it is UTF-16. Save it as UTF-8"
    assert find_refusal(b"\xfe\xff" + TEXT.encode("utf-16-be")) == "it is UTF-16. Save it as UTF-8"


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_utf_32_is_named(encoding: str) -> None:
    assert find_refusal(TEXT.encode(encoding)) == "it is UTF-32. Save it as UTF-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_text_is_read_where_that_is_asked_for(encoding: str) -> None:
    assert decode(f"\ufeff{TEXT}".encode(encoding), wide=True) == TEXT


def test_other_bytes_are_named() -> None:
    assert find_refusal(b"\0" * 5000) == "it has only zero bytes, as after a crash"
    assert find_refusal("Zoë".encode("cp1252")) == "it is not UTF-8: byte 3 is 0xeb. Save it as UTF-8"
    assert decode(b"") == ""


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 10**9)
    with pytest.raises(OutsideError, match=r"^it is larger than 4 MB$"):
        read_file(tmp_path / "large", 4_000_000)
    (tmp_path / "small").write_text("four")
    assert read_text(tmp_path / "small", 4) == "four"
    with pytest.raises(OutsideError, match=r"^it is larger than 3 bytes$"):
        read_text(tmp_path / "small", 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
def test_a_pipe_in_which_nobody_writes_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutsideError, match=r"^it is not a file$"):
        read_file(tmp_path / "pipe", 100)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="open files have no names here")
def test_a_pipe_is_read_where_pipes_are_allowed() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"\xef\xbb\xbfpiped")
    os.close(writer)
    assert read_text(Path(f"/dev/fd/{reader}"), 100, pipe=True) == "piped"
    os.close(reader)


@pytest.mark.parametrize("text", ["Zoë", "Łukasz", "Ζωή", "Юлия", "美咲", "山田\u3000太郎", "علی\u200cرضا", "e\u0301"])
def test_names_in_every_script_are_shown_as_they_are(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(("text", "shown"), [
    ("\x1b[2J", r"\x1b[2J"), ("a\nb\r\t\0", r"a\nb\r\t\x00"), ("\x9b2J", r"\x9b2J"), ("a\u202eb", r"a\u202eb"),
    ("\u2066\u2069\u200b\ufeff\xad", r"\u2066\u2069\u200b\ufeff\xad"), ("\u2028", r"\u2028"), ("\ud800", r"\ud800"),
    (os.fsdecode(b"Zo\xeb.json"), r"Zo\xeb.json")])
def test_what_a_terminal_obeys_or_cannot_show_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown
    shown.encode()
