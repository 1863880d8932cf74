"""A hand-in is read after every usual journey, and what cannot be read is refused with the true reason."""
from __future__ import annotations

import gzip
import itertools
import random
import zipfile
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import containers, handin, work
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.progress import ExerciseRecord
from tests.course import travel
from tests.course.teach import made_up

ANSWER = 'run = [1, 0]  # "so \\ it is": a > b, c = d; the quick brown fox jumps over the lazy dog, twice\n> x\n'
ADA = HandIn("Zoë Łukasz", made_up.OLD, {"find-the-hole": made_up.solve("find-the-hole")._replace(answer=ANSWER * 3)})


def list_faults(name: str, content: bytes, tmp_path: Path) -> list[str]:
    """Write a file and return the faults of what is in it."""
    (tmp_path / name).write_bytes(content)
    return [arrival.fault for arrival in containers.list_arrivals(tmp_path / name, name)]


def read_records(path: Path) -> dict[str, ExerciseRecord]:
    """Return the progress in a file."""
    return work.read(path, ()).exercises


def read_or_refuse(path: Path) -> dict[str, ExerciseRecord] | None:
    """Return the progress in a file, None if it is refused in one line."""
    try:
        return read_records(path)
    except CourseError as error:
        assert str(error).isprintable()  # noqa: PT017  # either outcome is right
        return None


@pytest.mark.parametrize("way", travel.WAYS)
def test_a_hand_in_is_imported_after_its_journey(way: str, tmp_path: Path) -> None:
    name, content = travel.WAYS[way](handin.to_text(ADA).encode())
    (tmp_path / name).write_bytes(content)
    assert read_records(tmp_path / name) == ADA.exercises


@pytest.mark.parametrize(("name", "codec", "seen_as"), [
    ("Zoë", "cp1252", ""), ("Zoë", "mac_roman", ""), ("Łukasz", "cp1250", ""), ("Юлия", "cp1251", ""),
    ("Юлия", "utf-8", "latin-1"), ("Zoë", "utf-8", "cp1252"), ("美咲", "utf-16", ""),
    ("علی\u200cرضا", "utf-8", "latin-1")])
def test_a_hand_in_is_read_in_the_encoding_of_any_program(name: str, codec: str, seen_as: str) -> None:
    other = ADA._replace(name=name)
    text = handin.to_text(other)
    assert handin.parse(travel.spell_out(text, codec, seen_as)) == other
    with pytest.raises(ValueError, match="was cut or changed"):
        handin.parse(travel.spell_out(text.replace("find", "mind"), codec, seen_as))


@pytest.mark.parametrize("pack", travel.PACKS)
@pytest.mark.parametrize("way", travel.TEXTS)
def test_a_hand_in_is_imported_after_two_journeys(way: str, pack: str, tmp_path: Path) -> None:
    _, content = travel.WAYS[way](handin.to_text(ADA).encode())
    name, packed = travel.WAYS[pack](content)
    (tmp_path / name).write_bytes(packed)
    assert read_records(tmp_path / name) == ADA.exercises


@pytest.mark.parametrize("name", [exercise.id for exercise in load_exercises().values() if exercise.kind == "say it"])
@pytest.mark.parametrize("width", [65, 72, 76])
def test_an_answer_with_indents_is_joined_after_mail_has_dropped_them(name: str, width: int) -> None:
    done = {name: ExerciseRecord(1, answer=load_exercises()[name].solution)}
    text = handin.to_text(HandIn("Ada", made_up.OLD, done))
    assert handin.parse(travel.wrap(text, width).encode()).exercises == done


@pytest.mark.parametrize("way", ["wrapped", "quoted", "base64", "quoted-printable", "zip", "attached"])
def test_a_hand_in_that_was_changed_is_refused_after_its_journey(way: str, tmp_path: Path) -> None:
    text = handin.to_text(ADA).replace('"tries": 1', '"tries": 2')
    name, content = travel.WAYS[way](text.encode())
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CourseError, match="was cut or changed after it was handed in"):
        read_records(tmp_path / name)


def test_hostile_text_is_refused_quickly() -> None:
    size = containers.LARGEST_FILE // 40
    for text in ('"\\' * (size // 2), '{"' + " " * size, "> " * (size // 2) + "{", "<" * size, '{"\n' * (size // 3),
                 "ewog" * (size // 4), "=\n" * (size // 2), "&quot;<br " * (size // 10), "{" + "\n >" * (size // 3)):
        with pytest.raises(ValueError, match="it "):
            handin.parse(text.encode())


@pytest.mark.parametrize(("content", "fault"), [
    (travel.zipped("a", b"x" * 5_000_000), "it is larger than 4 MB"),
    (travel.zipped("a.zip", travel.zipped("b.zip", travel.zipped("c", b"{}"))), "it is an archive inside archives: "),
    (travel.zipped("word/document.xml", b"", "[Content_Types].xml"), "it is an Office document"),
    (travel.zipped("a", b"x" * 99)[:60], "it is damaged (File is not a zip file)"),
    (travel.zipped("a", b"x" * 99).replace(b"\x08\x00", b"\x63\x00"), "it is packed in a way that is not known here"),
    (travel.tarred("a", b"x" * 99, "w:gz")[:80], "it is damaged ("),
    (travel.mail(b"", attached=False), "it is a mail without a hand-in"),
    (travel.zipped("a.gz", gzip.compress(gzip.compress(gzip.compress(b"{}")))), "it is an archive inside archives: "),
    (gzip.compress(bytes(20_000_000)), "it is larger than 4 MB"),
    (gzip.compress(b"x" * 999)[:-20], "it is damaged ("),
    (travel.zipped("a/", b""), "it is an empty archive"),
    (travel.linked("/etc/passwd"), "it is an empty archive"),
    (b"From: a\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nhi\n" * 999, "it is a mail without a "),
    (b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1500)), "it is ")],
                         ids=itertools.count())  # what an archive holds differs from moment to moment
def test_an_archive_that_cannot_be_opened_is_named(content: bytes, fault: str, tmp_path: Path) -> None:
    faults = list_faults("sent", content, tmp_path)
    assert len(faults) == 1
    assert faults[0].startswith(fault)


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    content = bytearray(travel.zipped("a", b"x"))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    assert list_faults("sent", bytes(content), tmp_path) == ["it has a password: ask for it without"]


def test_an_archive_is_read_up_to_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MOST_FILES", 2)
    content = travel.zipped("a", b"1", "b", "c", "d")
    assert list_faults("sent", content, tmp_path)[2:] == ["it has more than 2 files: unpack it yourself"]
    monkeypatch.setattr(containers, "MOST_FILES", 9)
    monkeypatch.setattr(containers, "MOST_BYTES", 20)
    assert list_faults("sent", content, tmp_path)[2:] == ["it has more than 0 MB in it: unpack it yourself"]


def test_an_archive_in_an_archive_is_read_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "LARGEST_ARCHIVE", 5_000_000)
    content = travel.tarred("a", bytes(6_000_000), "w:gz")
    assert list_faults("sent", content, tmp_path) == ["it is larger than 5 MB"]


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    for name in ("../x", "/x", "C:\\x", "a/../../x"):
        assert list_faults("here/sent", travel.zipped(name, b"{}"), tmp_path) == [""]
        assert list_faults("here/sent", travel.tarred(name, b"{}"), tmp_path) == [""]
    assert [path.name for path in tmp_path.rglob("*")] == ["here", "sent"]


def test_an_archive_with_two_hand_ins_is_not_imported(tmp_path: Path) -> None:
    file = tmp_path / "class.zip"
    other = ADA._replace(name="Alan")
    file.write_bytes(travel.zipped("a.json", handin.to_text(ADA).encode()))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("again.json", handin.to_text(ADA))
    assert read_records(file) == ADA.exercises
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("b.json", handin.to_text(other))
    with pytest.raises(CourseError, match=r"class.zip has 2 hand-ins in it\. Unpack it and import one of the files\."):
        read_records(file)


def test_progress_in_an_archive_is_imported_with_the_hand_in_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "my_work.zip"
    text = '{"version": 1, "exercises": {"say-it": {"tries": 2}}}'
    file.write_bytes(travel.zipped("progress.json", text.encode("utf-8-sig")))
    assert read_records(file) == {"say-it": ExerciseRecord(2)}
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("handin.json", handin.to_text(ADA))
    assert read_records(file) == ADA.exercises | {"say-it": ExerciseRecord(2)}


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_read_or_refused_in_one_line(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    name, content = chance.choice([*travel.WAYS.values()])(handin.to_text(ADA).encode())
    place, length = chance.randrange(len(content)), chance.choice((0, 1, 2, 40))
    middle = chance.choice((b"", b"\0", b"\xff", b'"', b"\n", chance.randbytes(length + 1)))
    (tmp_path / name).write_bytes(content[:place] + middle + content[place + length:] * chance.randrange(2))
    assert read_or_refuse(tmp_path / name) in (ADA.exercises, None)
