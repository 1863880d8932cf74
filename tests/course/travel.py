"""What becomes of a hand-in on its way: mail programs wrap, quote and encode it, systems rename and pack it."""
from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import quopri
import re
import tarfile
import textwrap
import zipfile
from collections.abc import Callable
from email.message import EmailMessage

Way = Callable[[bytes], tuple[str, bytes]]
"""Return the name and the bytes of the file that arrives."""


def wrap(text: str, width: int = 72, behind: str = "", joint: str = "\n") -> str:
    """Return a text whose long lines are broken at spaces, as mail programs do it."""
    lines = (textwrap.wrap(line, width, drop_whitespace=True, break_long_words=False, break_on_hyphens=False)
             or [""] for line in text.splitlines())
    return "\n".join(f"{behind}{joint}".join(each) for each in lines)


def quote(text: str, mark: str = "> ") -> str:
    """Return a text as a mail program quotes it."""
    return "".join(f"{mark}{line}\n" for line in text.splitlines())


def greet(text: str) -> str:
    """Return a text in the body of a mail."""
    return f"Dear teacher,\n\nhere is my hand-in (from course.py):\n\n{text}\n\n-- \nAda {{at home}}\n"


def mail(content: bytes, attached: bool = True, cte: str = "7bit") -> bytes:
    """Return a mail with a hand-in attached, or pasted into its text."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@example.org", "teacher@example.org", "My hand-in"
    if attached:
        message.set_content("Here it is.")
        message.add_alternative("<p>Here it is.</p>", subtype="html")
        message.add_attachment(content, "application", "json", filename="handin.json")
        message.set_boundary("outer")
    else:
        message.set_content(greet(content.decode()), cte=cte)
    return bytes(message)


def zipped(name: str, content: bytes, *others: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive with a file, and with the files that a Mac adds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
        for other in others:
            archive.writestr(other, b"\0\5\x16\7 a Mac's own")
    return file.getvalue()


def tarred(name: str, content: bytes, mode: str = "w") -> bytes:
    """Return a tar archive with a file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def linked(target: str) -> bytes:
    """Return a tar archive with a link in it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("handin.json")
        info.type, info.linkname = tarfile.SYMTYPE, target
        archive.addfile(info)
    return file.getvalue()


def on_text(name: str, change: Callable[[str], str]) -> Way:
    """Return the way of a file whose text is changed."""
    return lambda content: (name, change(content.decode()).encode())


def spell_out(text: str, codec: str = "utf-8", seen_as: str = "") -> bytes:
    """Return a hand-in as a program writes it that reads JSON, does not escape letters, and has its own encoding.

    What was written may be read as another encoding on its way, and saved as UTF-8.
    """
    content = json.dumps(json.loads(text), ensure_ascii=False).encode(codec)
    return content.decode(seen_as).encode() if seen_as else content


def in_codec(codec: str, seen_as: str = "") -> Way:
    """Return the way of a file that a program saves in another encoding."""
    return lambda content: ("handin.json", spell_out(content.decode(), codec, seen_as))


def encode_lines(text: str) -> str:
    """Return a text in base64, in lines of 76."""
    return base64.encodebytes(text.encode()).decode()


NBSP, SOFT = "\u00a0", "\u00ad"
WAYS: dict[str, Way] = {
    "as it is": lambda content: ("handin.json", content),
    "renamed": lambda content: ("handin.json.txt", content),
    "without an ending": lambda content: ("handin", content),
    "with a mark": lambda content: ("handin.json", b"\xef\xbb\xbf" + content),
    "UTF-16": lambda content: ("handin.json", content.decode().encode("utf-16")),
    "UTF-16, big end first": lambda content: ("handin.json", content.decode().encode("utf-16-be")),
    "UTF-16, pasted": lambda content: ("mail.txt", f"Grüße, Łukasz\n{content.decode()}".encode("utf-16")),
    "UTF-32": lambda content: ("handin.json", content.decode().encode("utf-32")),
    "Latin-1, pasted": lambda content: ("mail.txt", "Grüße\n\n".encode("latin-1") + content),
    "letters spelled out": in_codec("utf-8"),
    "UTF-8 read as another encoding": in_codec("utf-8", "latin-1"),
    "CRLF": on_text("handin.json", lambda text: text.replace("\n", "\r\n")),
    "CR": on_text("handin.json", lambda text: text.replace("\n", "\r")),
    "in one line": on_text("handin.json", lambda text: " ".join(text.split("\n"))),
    "wrapped": on_text("mail.txt", wrap),
    "wrapped at 40": on_text("mail.txt", lambda text: wrap(text, 40)),
    "flowed": on_text("mail.txt", lambda text: wrap(text, behind=" ")),
    "flowed and stuffed": on_text("mail.txt", lambda text: re.sub("(?m)^ ", "  ", wrap(text, behind=" "))),
    "cut at 80": on_text("mail.txt", lambda text: re.sub("(.{80})", r"\1\n", text)),
    "quoted": on_text("mail.txt", quote),
    "quoted twice": on_text("mail.txt", lambda text: quote(quote(text, ">"), "> ")),
    "wrapped and quoted": on_text("mail.txt", lambda text: quote(wrap(text))),
    "pasted": on_text("mail.txt", greet),
    "pasted, wrapped, quoted, CRLF": on_text("mail.txt", lambda text: greet(quote(wrap(text))).replace("\n", "\r\n")),
    "hard spaces": on_text("mail.txt", lambda text: text.replace("  ", f" {NBSP}")),
    "all hard spaces": on_text("mail.txt", lambda text: wrap(text).replace(" ", NBSP)),
    "soft hyphens": on_text("mail.txt", lambda text: text.replace("course", f"co{SOFT}urse")),
    "curly quotes": on_text("mail.txt", lambda text: re.sub('"(name|course|digest)"', "\u201c\\1\u201d", text)),
    "quoted-printable": on_text("mail.txt", lambda text: quopri.encodestring(text.encode()).decode()),
    "quoted-printable, pasted": on_text("mail.txt", lambda text: quopri.encodestring(greet(text).encode()).decode()),
    "base64": on_text("mail.txt", encode_lines),
    "base64, quoted": on_text("mail.txt", lambda text: quote(encode_lines(text))),
    "base64, pasted": on_text("mail.txt", lambda text: greet(encode_lines(text))),
    "base64, CRLF inside": on_text("mail.txt", lambda text: encode_lines(text.replace("\n", "\r\n"))),
    "base64, a mark inside": on_text("mail.txt", lambda text: encode_lines(f"\ufeff{text}")),
    "HTML": on_text("mail.html", lambda text: "<html><body><div>" + text.replace("&", "&amp;").replace(
        "<", "&lt;").replace('"', "&quot;").replace(" ", "&nbsp;").replace("\n", "<br>\n") + "</div></body></html>"),
    "attached": lambda content: ("mail.eml", mail(content)),
    "attached, CRLF": lambda content: ("mail.eml", mail(content).replace(b"\n", b"\r\n")),
    "attached, forwarded": lambda content: ("mail.eml", b"From ada Mon Nov 30\n" + mail(content)),
    "in the mail's text": lambda content: ("mail.eml", mail(content, attached=False, cte="quoted-printable")),
    "in the mail's text, base64": lambda content: ("mail.eml", mail(content, attached=False, cte="base64")),
    "in the mail's text, in Latin-1": lambda content: ("mail.eml", "From: Ada\nContent-Type: text/plain; "
                                                       "charset=latin-1\n\nGrüße\n\n".encode("latin-1") + content),
    "headers and text": on_text("mail.txt", lambda text: f"From: Ada\nSubject: hand-in\n\n{quote(wrap(text))}"),
    "zip": lambda content: ("handin.zip", zipped("handin.json", content)),
    "zip, stored": lambda content: ("handin.zip", zipped("handin.json", content, method=zipfile.ZIP_STORED)),
    "zip, renamed": lambda content: ("handin.txt", zipped("handin.json", content)),
    "zip of a Mac": lambda content: ("Archive.zip", zipped("Ada/handin.json", content, "__MACOSX/Ada/._handin.json",
                                                           "Ada/.DS_Store")),
    "zip in zip": lambda content: ("all.zip", zipped("Ada.zip", zipped("handin.json", content))),
    "zip in a mail": lambda content: ("mail.eml", mail(zipped("handin.json", content))),
    "tar": lambda content: ("handin.tar", tarred("handin.json", content)),
    "tar.gz": lambda content: ("handin.tgz", tarred("handin.json", content, "w:gz")),
    "tar.bz2": lambda content: ("handin.tar.bz2", tarred("handin.json", content, "w:bz2")),
    "tar.gz in zip": lambda content: ("all.zip", zipped("handin.tgz", tarred("a/b/handin.json", content, "w:gz"))),
    "gz": lambda content: ("handin.json.gz", gzip.compress(content)),
    "bz2": lambda content: ("handin.json.bz2", bz2.compress(content))}
"""Ways on which a hand-in arrives whole."""
TEXTS = ("renamed", "with a mark", "CRLF", "in one line", "wrapped", "flowed", "quoted", "pasted", "base64",
         "quoted-printable", "hard spaces")
PACKS = ("zip", "zip of a Mac", "tar", "tar.gz", "gz", "attached", "attached, CRLF", "zip in a mail", "tar.gz in zip")
"""Ways of which one may follow the other."""
