"""The output of a failed installer becomes one line with the true cause; installer-outputs.txt has real outputs."""
from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pkvm_model.course.setup import causes, wheels

EXPECTED = {
    "self-signed": "the certificate of 127.0.0.1:8080 is not trusted here.* set SSL_CERT_FILE",
    "inspecting-proxy": "the certificate of 127.0.0.1:8080 is not trusted here.* In the network of a company",
    "not-yet-valid": "the certificate of 127.0.0.1:8080 is not valid at this machine's time, 20..-..-.. ..:..",
    "expired": "the certificate of 127.0.0.1:8080 is not valid at this machine's time",
    "no-such-cert-file": r"file of certificates that does not exist: nowhere\.pem",
    "no-ssl": "this Python was built without TLS",
    "proxy-refused": r"the proxy cannot be reached\. Is its address right in HTTPS_PROXY.* unset it there",
    "proxy-https": "the proxy speaks http and not https. Write http:// before its name",
    "proxy-unknown-host": r"the proxy cannot be reached\. Is its address right in HTTPS_PROXY",
    "proxy-407": "the proxy wants a name and a password",
    "proxy-407-http": "is not https, and pip does not trust it",
    "proxy-403": r"the proxy does not let through what comes from packages\.example",
    "proxy-socks": "the SOCKS proxy cannot be used",
    "index-401": "127.0.0.1:8080 wants a name and a password.* write them into its address",
    "index-403": r"127.0.0.1:8080, or a filter on the way to it, refuses to give tiny-thing \(HTTP 403\)\. Try another",
    "file-403": r"127.0.0.1:8080, or a filter on the way to it, refuses to give tiny-thing \(HTTP 403\)\. Try another",
    "index-404": "does not have tiny-thing: it is not a whole mirror",
    "index-500": r"127.0.0.1:8080 is out of order \(HTTP 500\)",
    "index-503": r"127.0.0.1:8080 is out of order \(HTTP 503\)",
    "package-missing": "does not have tiny-thing: it is not a whole mirror",
    "other-version": "does not have tiny-thing: it is not a whole mirror",
    "portal": "does not have tiny-thing: .* or its page wants a login",
    "other-platform": rf"there is no tiny-thing for this machine \({re.escape(wheels.describe_machine())}\)",
    "sdist": "there is no ready tiny-thing for this machine .* could not be built here",
    "hash": "tiny-thing is not the file that the course expects",
    "cut": "tiny-thing is not the file that the course expects: it was cut on its way",
    "dns": r"the name no-such-host\.invalid is not found\. Is there a network, or does it need a proxy",
    "unreachable": r"the name packages\.example is not found\. Is there a network, or does it need a proxy",
    "refused": "127.0.0.1:9 cannot be reached. Is there a network, or does it need a proxy",
    "timeout": "127.0.0.1:8080 does not answer in time",
    "no-index": r"keeps the network out \(no-index, offline\), and tiny-thing is not here",
    "full": "a disk is full",
    "forbidden": "on this machine forbids the connection to 127.0.0.1:8080. Allow it there",
    "cache": r"uv cannot write its cache\. Set UV_CACHE_DIR .*Failed to initialize cache at `/course/ro/x`",
    "denied": r"something cannot be written\. .*Permission denied"}
MAC = Path("/", "Users", "Zoë M")
"""A home as macOS has it."""
OUTPUTS = dict(re.findall(r"^### (.+)\n((?:(?!### ).*\n)*)",
                          (Path(__file__).parent / "installer-outputs.txt").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_cause_is_named(name: str) -> None:
    line = causes.explain_failure(OUTPUTS[name])
    assert re.search(EXPECTED[name.partition(": ")[2]], line)
    assert len(line.splitlines()) == 1


def test_there_are_outputs_of_each_installer_for_each_cause() -> None:
    assert {name.partition(": ")[2] for name in OUTPUTS} == EXPECTED.keys()
    assert {name.split()[0] for name in OUTPUTS} == {"pip", "uv"}


@pytest.mark.parametrize(("output", "line"), [
    ("OSError: [Errno 122] Disk quota exceeded: '/x'", "your quota on this disk is used up"),
    ("ImportError: x.so: failed to map segment from shared object: Operation not permitted", "lets no programs run"),
    ("PermissionError: [Errno 1] Operation not permitted: '/x/a'", "something cannot be written. Set PKVM_COURSE_HOME"),
    ("cause: tcp connect error: Operation not permitted (os error 1)", "forbids the connection to the package index"),
    ("ProxyError('x', NewConnectionError('Failed to establish a new connection: [Errno 1] Operation not permitted'))",
     "forbids the connection to the package index"),
    ("[WinError 10013] An attempt was made to access a socket in a way forbidden", "forbids the connection to"),
    (f"[Errno 1] Operation not permitted: '{MAC}/Documents/course/.venv.new'",
     "macOS keeps this program out of Desktop, Documents and Downloads. Allow your terminal to use them in System"),
    (f"error: failed to create directory `{MAC}/Desktop/x`: Operation not permitted (os error 1)", "macOS keeps"),
    ("[Errno 2] No usable temporary directory found in ['/tmp']", "no folder for temporary files can be written. Make"),
    ("MemoryError", "not enough memory"),
    ("Collecting a\nKilled", "not enough memory"),
    ("[Errno 2] No such file or directory: '/proc/x'", "something cannot be written. Set PKVM_COURSE_HOME"),
    ("ERROR: HTTP error 429 while getting https://mirror.example/a.whl\nToo Many Requests",
     "has had too many requests from your network. Wait some minutes"),
    ("Error: Command '['/x/python3', '-m', 'ensurepip', '--upgrade']' returned non-zero exit status 1.",
     f"cannot put pip into an environment. On Debian or Ubuntu: sudo apt install python3.{sys.version_info[1]}-venv"),
    ("Could not fetch URL https://mirror/x/: SSLError(1, '[SSL: WRONG_VERSION_NUMBER]')", "mirror speaks http and not"),
    ("ERROR: something new\nlast", "python3 course.py doctor. (ERROR: something new)"),
    ("", "the environment could not be made. To look for the cause: python3 course.py doctor. (no reason given)"),
    ("error: \x1b[31mred\x07", r"(error: \x1b[31mred\x07)")])
def test_rare_and_unknown_outputs(output: str, line: str) -> None:
    assert line in causes.explain_failure(output)


def test_what_pip_said_about_packages_that_it_got_does_not_count() -> None:
    output = ("1 location(s) to search for versions of a:\nCould not fetch URL https://b/: 403 Client Error: No\n"
              "2 location(s) to search for versions of tiny-thing:\nERROR: No space left on device\n")
    assert causes.explain_failure(output).startswith("a disk is full")


def test_passwords_in_addresses_are_not_repeated() -> None:
    line = causes.explain_failure("Could not fetch URL https://me:secret@mirror/simple/: 403 Client Error: Forbidden")
    assert line.startswith("mirror, or a filter on the way to it, refuses")
    assert "secret" not in line
