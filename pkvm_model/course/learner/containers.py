"""What arrives: a file, or the files in an archive or in a mail, which are read and never unpacked onto the disk.

Nothing in here follows a name in an archive, and nothing trusts a size in it: each file is read up to a limit, and so
is the whole archive. An archive may contain archives, but those may not.
"""
from __future__ import annotations

import bz2
import contextlib
import email
import email.policy
import email.utils
import gzip
import io
import itertools
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from ...outside import OutsideError, escape, read_file
from ...text import count

LARGEST_FILE = 4_000_000
LARGEST_ARCHIVE = 200_000_000
MOST_BYTES = 500_000_000
MOST_FILES = 20_000
"""The size of a file and of an archive, and what is read of all files in an archive together."""
BY_MAIL, FIRST_YEAR = "the mail", 1980
"""The year in which archives begin to count, and which they name if they know none."""
DEPTH = 4
"""An archive costs two, gzip or bzip2 around one file costs one: enough for a tar.gz in a zip."""
ZIP, GZIP, BZIP2 = b"PK", b"\x1f\x8b", b"BZh"
MAIL = re.compile(
    rb"From \S+ |(Return-Path|Received|From|To|Cc|Date|Subject|Message-ID|MIME-Version|Delivered-To|Content-[\w-]+|"
    rb"X-[\w-]+|ARC-[\w-]+|DKIM-Signature|Authentication-Results|Reply-To): ?\S", re.IGNORECASE)
"""How a stored mail, or a mailbox of several, begins."""
RECEIPT = re.compile(rb"Name: .*\r?\n(?:.*\r?\n){0,3}Date Submitted: ")
HAND_IN = re.compile(rb"pkvm-\s*course-\s*handin")
OF_SYSTEMS = re.compile(
    r"\._.*|\.ds_store|\.localized|icon\r|thumbs\.db|ehthumbs\.db|desktop\.ini|\.directory|\.~.*|~\$.*|.*-checkpoint\.json",
    re.IGNORECASE)
FOLDERS_OF_SYSTEMS = {"__MACOSX", ".ipynb_checkpoints", ".Spotlight-V100", ".Trashes", ".fseventsd", "@eaDir"}
"""Files and folders that systems and programs put beside others; nobody handed them in."""
KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "it is a PDF"), (b"\x89PNG", "it is a picture"), (b"\xff\xd8\xff", "it is a picture"),
    (b"GIF8", "it is a picture"), (b"\xd0\xcf\x11\xe0", "it is an Office document"),
    (b"{\\rtf", "it is a document of a word processor"), (b"bplist", "it is a placeholder: download the file itself"),
    (b"\x78\x9f\x3e\x22", "it is Outlook's winmail.dat: ask for the file in a zip archive"),
    *((begin, "it is an archive of a kind that is not opened here: unpack it into this folder")
      for begin in (b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")))
"""How files that are no hand-ins begin, and what they are."""
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, ValueError, LookupError,
           NotImplementedError, RuntimeError, AttributeError, TypeError)
"""What the standard library raises for archives and mails that are damaged or made to harm."""


class Sent(NamedTuple):
    """When something was sent or written, by a clock of this place, what says so, and the address of a mail."""

    time: datetime | None = None
    source: str = ""
    sender: str = ""


class Arrival(NamedTuple):
    """One file that arrived: its name, with that of its archive before it, its content, and why there is none."""

    name: str
    content: bytes = b""
    fault: str = ""
    sent: Sent = Sent()


def list_arrivals(path: Path, name: str) -> Iterator[Arrival]:
    """Yield a file, or the files in it if it is an archive or a mail, under a name to show. Raise OSError."""
    sent = Sent(read_clock(lambda: datetime.fromtimestamp(path.stat().st_mtime)), "the file")
    try:
        content = read_file(path, LARGEST_ARCHIVE)
    except OutsideError as error:
        yield Arrival(name, fault=str(error), sent=sent)
    else:
        yield from Opener().open(Arrival(name, content, sent=sent), DEPTH)


def read_clock(read: Callable[[], datetime]) -> datetime | None:
    """Return a time without its zone, None for one that cannot be or that programs write if they know none."""
    with contextlib.suppress(ValueError, TypeError, OverflowError, OSError):
        time = read().replace(tzinfo=None)
        return time if time.year > FIRST_YEAR else None
    return None


def is_of_system(name: str) -> bool:
    """Return True for a file that a system or a program put beside others."""
    path = PurePosixPath(name)
    return bool(OF_SYSTEMS.fullmatch(path.name)) or not FOLDERS_OF_SYSTEMS.isdisjoint(path.parts)


def describe_kind(content: bytes) -> str:
    """Return what a file is that cannot be a hand-in, by its first bytes; '' if it may be one."""
    if b'"nbformat"' in content and b'"cells"' in content and not HAND_IN.search(content):
        return "it is a notebook. A hand-in is what `python3 course.py handin` writes"
    if re.match(rb"\s*<(!doctype|html)", content[:100], re.IGNORECASE) and not HAND_IN.search(content):
        return "it is a web page"
    if RECEIPT.match(content):
        return "it is a receipt as Blackboard writes it"
    return next((kind for begin, kind in KINDS if content.startswith(begin)), "" if content else "it is empty")


class Opener:
    """Opens an archive and the archives in it, as far as their limits go."""

    def __init__(self) -> None:
        self.bytes, self.files = MOST_BYTES, MOST_FILES

    def open(self, arrival: Arrival, depth: int) -> Iterator[Arrival]:
        """Yield a file, or the files in it, as far as `depth` allows archives inside one another."""
        open_content = choose_opener(arrival.content)
        if arrival.fault or not open_content:
            too_large = len(arrival.content) > LARGEST_FILE
            fault = f"it is larger than {LARGEST_FILE // 10**6} MB" if too_large else arrival.fault
            yield arrival._replace(content=b"" if too_large else arrival.content, fault=fault)
        elif depth <= 0:
            yield arrival._replace(content=b"", fault="it is an archive inside archives: unpack it into this folder")
        else:
            yield from self.open_container(arrival, open_content, depth)

    def open_container(self, arrival: Arrival, open_content: Content, depth: int) -> Iterator[Arrival]:
        """Yield the files in an archive or a mail; where it cannot go on, a last one that says why."""
        files = 0
        try:
            for name, stream, sent in open_content(arrival.content):
                files += 1
                place = f"{arrival.name}/{name}" if name else arrival.name
                inner = Arrival(place, sent=choose_sent(arrival.sent, sent))
                if is_of_system(inner.name):
                    yield inner
                else:
                    content, fault = self.read(stream)
                    yield from self.open(inner._replace(content=content, fault=fault), depth - (2 if name else 1))
        except OutsideError as error:
            yield arrival._replace(content=b"", fault=str(error))
        except (*DAMAGED, RecursionError, MemoryError) as error:
            yield arrival._replace(content=b"", fault=explain_damage(error))
        else:
            if not files:
                kind = "a mail without a hand-in" if open_content is open_mail else "an empty archive"
                yield arrival._replace(content=b"", fault=f"it is {kind}")

    def read(self, stream: Callable[[], IO[bytes]]) -> tuple[bytes, str]:
        """Return what is in a file of an archive, or b"" and the fault. Raise OutsideError at the limits of all."""
        self.files -= 1
        if self.files < 0:
            raise OutsideError(f"it has more than {count(MOST_FILES, 'file')}: unpack it yourself")
        try:
            with stream() as file:
                content = file.read(LARGEST_FILE + 1)
                if len(content) > LARGEST_FILE and choose_opener(content):
                    content += file.read(LARGEST_ARCHIVE)
        except (*DAMAGED, RecursionError) as error:
            return b"", explain_damage(error)
        self.bytes -= len(content)
        if self.bytes < 0:
            raise OutsideError(f"it has more than {MOST_BYTES // 10**6} MB in it: unpack it yourself")
        if len(content) > LARGEST_ARCHIVE:
            return b"", f"it is larger than {LARGEST_ARCHIVE // 10**6} MB"
        return content, ""


Part = tuple[str, Callable[[], IO[bytes]], Sent]
"""A file in an archive: its name, what opens it, and when it was sent."""
Content = Callable[[bytes], Iterator[Part]]


def choose_sent(outer: Sent, inner: Sent) -> Sent:
    """Return what counts of what is known of an archive and of a file in it: a mail, or else what is nearer."""
    return inner if inner.source == BY_MAIL or (inner.time and outer.source != BY_MAIL) else outer


def choose_opener(content: bytes) -> Content | None:
    """Return what opens an archive or a mail, by its first bytes; None for any other file."""
    if content.startswith(ZIP) and content[2:4] in (b"\3\4", b"\5\6"):
        return open_zip
    if content.startswith((GZIP, BZIP2)):
        return open_packed
    if content[257:262] == b"ustar":
        return open_tar
    return open_mail if MAIL.match(content) else None


def open_zip(content: bytes) -> Iterator[Part]:
    """Yield the files of a zip archive."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    if {"[Content_Types].xml", "mimetype"} & {*archive.namelist()}:
        raise OutsideError("it is an Office document")
    for info in archive.infolist():
        if not info.is_dir():
            sent = Sent(read_clock(lambda info=info: datetime(*info.date_time)), "the archive")  # type: ignore[misc]
            yield decode_name(info), lambda info=info: archive.open(info), sent  # type: ignore[misc]


def decode_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a file in a zip archive; many programs write UTF-8 and do not say so."""
    try:
        return info.filename if info.flag_bits & 0x800 else info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def open_packed(content: bytes) -> Iterator[Part]:
    """Yield what is packed by gzip or bzip2, without a name."""
    module = gzip if content.startswith(GZIP) else bz2
    yield "", lambda: cast(IO[bytes], module.open(io.BytesIO(content))), Sent()


def open_tar(content: bytes) -> Iterator[Part]:
    """Yield the files of a tar archive; links and devices are none."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for info in archive:
            sent = Sent(read_clock(lambda info=info: datetime.fromtimestamp(info.mtime)), "the archive")  # type: ignore[misc]
            if info.isreg():
                yield info.name, lambda info=info: archive.extractfile(info) or io.BytesIO(), sent  # type: ignore[misc]


def open_mail(content: bytes) -> Iterator[Part]:
    """Yield what is attached to the mails of a file, and the text of a mail if a hand-in was pasted into it."""
    mails = re.split(rb"^From \S+ .*\n", content, flags=re.MULTILINE) if content.startswith(b"From ") else [content]
    for number, text in enumerate(filter(None, mails), 1):
        mail = email.message_from_bytes(text, policy=email.policy.compat32)
        prefix, sent = f"mail {number}/" if len(mails) > 2 else "", read_envelope(mail)
        yield from ((prefix + name, lambda data=data: io.BytesIO(data), sent) for name, data in list_parts(mail))


def read_envelope(mail: Message) -> Sent:
    """Return when a mail says that it was sent, and by whom."""
    time = read_clock(lambda: email.utils.parsedate_to_datetime(str(mail["Date"])).astimezone())
    return Sent(time, BY_MAIL, email.utils.parseaddr(str(mail["From"] or ""))[1])


def list_parts(mail: Message) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of a mail that may be hand-ins: what has a name, and the first text with a hand-in in it."""
    pasted = False
    for part in itertools.islice(mail.walk(), MOST_FILES):
        data, name = part.get_payload(decode=True), part.get_filename()
        if not isinstance(data, bytes):
            continue
        if name:
            yield str(name), data
        elif not pasted and HAND_IN.search(data):
            pasted = True
            yield "the text of the mail", to_utf_8(data, part.get_content_charset("utf-8"))


def to_utf_8(text: bytes, charset: str) -> bytes:
    """Return a text in UTF-8; as it is, if nobody knows the name of its encoding."""
    try:
        return text.decode(charset, "replace").encode()
    except LookupError:
        return text


def explain_damage(error: BaseException) -> str:
    """Return why an archive, or a file in it, cannot be read."""
    if "password" in str(error) or "encrypted" in str(error):
        return "it has a password: ask for it without"
    if isinstance(error, NotImplementedError):
        return "it is packed in a way that is not known here: unpack it into this folder"
    return f"it is damaged ({escape(' '.join(str(error).split())) or type(error).__name__:.80})"
