"""What a failed installer really met: its output turned into a line with cause and cure. Standard library only."""
from __future__ import annotations

import re
import time

from ...outside import escape
from ..paths import HOME_VARIABLE, name_command
from . import wheels
from .environment import ROOM, TEMPORARY_ROOM, find_venv_package

PACKAGE = re.compile(
    r"search for versions of (?P<sought>[\w.-]+):"
    r"|No matching distribution found for (?P<name>[^\s=]+)==(?P<version>[^\s;]+)"
    r"|(?:Because|version of) (?P<uv_name>[\w.-]+)==(?P<uv_version>[^\s;]+)|Because (?P<unknown>[\w.-]+) was not found"
    r"|Failed (?:to build|building wheel for|to build installable wheels for)[^\w\n]*(?P<built>[\w.-]+)"
    r"|(?P<wrong>[\w.-]+)==\S+ from http|(?:download|install:\s\S+) \W(?P<fetched>[\w.-]+)==")
"""How the installers name the package that they failed on."""
HOST = re.compile(r"(?:fetch(?: URL)?:?|indexes:|url|from) \(?https?://(?:[^/@\s]*@)?([^/\s'\"`]+)")
SIZE = f"at least {ROOM // 10**6} MB"
OTHER_INDEX = "set PIP_INDEX_URL to another index."
FITTING = "Use CPython 3.11 to 3.14, 64 bit, on Linux with glibc, macOS or Windows."
ELSEWHERE = f"set {HOME_VARIABLE} to a folder on another disk."
PROTECTED = re.compile("/Users/[^/]+/(?:Desktop|Documents|Downloads|Library/Mobile Documents)/")
"""The folders that macOS keeps programs out of until the user allows it."""
ALLOW = ("macOS keeps this program out of Desktop, Documents and Downloads. Allow your terminal to use them in System "
         "Settings, Privacy & Security, Files & Folders, and open a new one; or move the course to another folder.")
REFUSED = "(?:Operation not permitted|Permission denied)"
FORBIDDEN_CONNECTION = (
    rf"(?:Failed to establish a new connection|connection error|tcp \w+ error)\b.*(?:\n.*cause.*)?\b{REFUSED}"
    "|WinError 10013",
    "a firewall, a sandbox or a security program on this machine forbids the connection to {host}. Allow it there, or "
    "type the command in a terminal outside the sandbox.")
"""The system's words about a connection are those that it has for a file."""
LOCAL_CAUSES = (
    (rf"Operation not permitted.*{PROTECTED.pattern}|{PROTECTED.pattern}.*Operation not permitted", ALLOW),
    (r"No usable temporary directory",
     "no folder for temporary files can be written. Make room in /tmp, or set TMPDIR to a folder of your own."),
    (r"No space left on device",
     f"a disk is full: the course needs {SIZE} in its folder, and {TEMPORARY_ROOM // 10**6} MB for temporary files "
     "(TMPDIR). Make room, or " + ELSEWHERE),
    (r"[Qq]uota exceeded",
     f"your quota on this disk is used up: the course needs {SIZE}. Make room, or " + ELSEWHERE),
    (r"[Ff]ailed to initialize cache",
     "uv cannot write its cache. Set UV_CACHE_DIR to a folder of your own, then run it again. {reason}"),
    (r"failed to map segment", f"the disk lets no programs run; {ELSEWHERE} {{reason}}"),
    (rf"Read-only file system|{REFUSED}|Access is denied|File exists|Not a directory|^\[Errno 2\]",
     f"something cannot be written. Set {HOME_VARIABLE} to a folder of your own. {{reason}}"),
    (r"MemoryError|Cannot allocate memory|[Oo]ut of memory|^Killed$",
     "there is not enough memory, or a limit (ulimit -v) allows too little. Close other programs, or raise the limit, "
     "then run it again."))
CAUSES = (
    FORBIDDEN_CONNECTION,
    *LOCAL_CAUSES,
    (r"SSL module is not available|'ssl' module is unavailable",
     "this Python was built without TLS (ssl) and cannot fetch packages. Start the course with another Python."),
    (r"not yet valid|not valid yet|certificate has expired|certificate expired",
     "the certificate of {host} is not valid at this machine's time, {now}. If that time is wrong, set the "
     "clock; otherwise ask whoever runs {host}."),
    (r"TLS CA certificate bundle, invalid path: (.*)|SSL_CERT_FILE`. Path does not exist: (\S*)\. ",
     "a setting names a file of certificates that does not exist: {what}. Look at SSL_CERT_FILE, REQUESTS_CA_BUNDLE, "
     "PIP_CERT and pip's settings."),
    (r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate",
     "the certificate of {host} is not trusted here. On public Wi-Fi, log in first. In the network of a company or a "
     "university, ask for its file of CA certificates, and set SSL_CERT_FILE to the path of that file."),
    (r"\b407 |proxy authorization required",
     "the proxy wants a name and a password. Set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT."),
    (r"Tunnel connection failed|tunnel error: unsuccessful",
     "the proxy does not let through what comes from {host}. Ask whoever runs the proxy to allow it, or "
     "for a mirror inside, and set PIP_INDEX_URL to that."),
    (r"Missing dependencies for SOCKS|SOCKS error",
     "the SOCKS proxy cannot be used. Look at ALL_PROXY and HTTPS_PROXY, or name an http:// proxy there."),
    (r"only use HTTP and not HTTPS|tunnel error.*(?:\n.*)?InvalidContentType",
     "the proxy speaks http and not https. Write http:// before its name in HTTPS_PROXY."),
    (r"connect to proxy|ProxyError|tunnel error",
     "the proxy cannot be reached. Is its address right in HTTPS_PROXY, ALL_PROXY and pip's settings? Outside the "
     "network that it belongs to, unset it there."),
    (r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|end of file before message|[Ii]ncomplete-?download|extract archive",
     "{package} is not the file that the course expects: it was cut on its way, or changed by a mirror, a virus "
     "scanner or a proxy that inspects what passes. Run it again, or in another network."),
    (r"ensurepip.* returned non-zero",
     f"this Python cannot put pip into an environment. On Debian or Ubuntu: sudo apt install {find_venv_package()}; "
     "elsewhere, start the course with another Python."),
    (r"WRONG_VERSION_NUMBER|InvalidContentType",
     "{host} speaks http and not https. Write http:// before its name in PIP_INDEX_URL, or in pip's settings."),
    (r"is not a trusted or secure host",
     "{host} is not https, and pip does not trust it. Set PIP_TRUSTED_HOST to its name if you do."),
    (r"\b401\b Client Error|\b401 Unauthorized",
     "{host} wants a name and a password. Ask whoever runs it for them, and write them into its address: "
     "PIP_INDEX_URL=https://NAME:PASSWORD@HOST/..., or " + OTHER_INDEX),
    (r"\b403\b Client Error|\b403 Forbidden|HTTP error 403",
     "{host}, or a filter on the way to it, refuses to give {package} (HTTP 403). Try another network, or ask whoever "
     "runs this one for an index that works in it, and set PIP_INDEX_URL to that."),
    (r"too many (5\d\d) error|\b(5\d\d) (?:Server Error|[A-Z]\w+ )",
     "{host} is out of order (HTTP {what}). Run it again later."),
    (r"Read timed out|Connect timed out|ConnectTimeout|operation timed out",
     "{host} does not answer in time. Is the network slow, or does it let nothing out? Run it again, or set "
     "PIP_TIMEOUT to more seconds."),
    (r"\b429\b|Too Many Requests",
     "{host} has had too many requests from your network. Wait some minutes, then run it again."),
    (r"[Nn]ame or service not known|name resolution|nodename nor servname|No address associated|dns error|getaddrinfo",
     "the name {host} is not found. Is there a network, or does it need a proxy (HTTPS_PROXY)? Then run it again."),
    (r"Connection refused|[Nn]etwork is unreachable|No route to host|Connection (reset|aborted)|os error 1\d\d",
     "{host} cannot be reached. Is there a network, or does it need a proxy (HTTPS_PROXY)? Then run it again."),
    (r"[Ff]ailed building wheel|Failed to build|subprocess-exited-with-error",
     "there is no ready {package} for this machine ({machine}), and it could not be built here. " + FITTING),
    (r"no wheels with a matching|none of the wheel's tags .*-VERSION-|requires a different Python.*-VERSION-",
     "there is no {package} for this machine ({machine}). " + FITTING),
    (r"^0 location|network was disabled",
     "a setting of pip or uv keeps the network out (no-index, offline), and {package} is not here. Unset PIP_NO_INDEX "
     "and UV_OFFLINE, or take no-index and offline out of the configuration of pip and uv."),
    (r"No matching distribution|was not found in the package registry|there is no version of",
     "{host} does not have {package}: it is not a whole mirror, or its page wants a login. Log in there with a "
     "browser, ask whoever runs it, or " + OTHER_INDEX))
"""What is found in an installer's output, and the line that it means; the first that is found counts."""


def explain_failure(output: str) -> str:
    """Turn the output of a failed installer into one line."""
    # pip tells much, also of packages that it got in the end; what it says from the last one on is about the failure.
    tail = output[max(0, output.rfind("location(s) to search") - 10):]
    facts = find_facts(tail)
    for pattern, sentence in LOCAL_CAUSES if wheels.is_bundle() else CAUSES:
        match = re.search(pattern.replace("-VERSION-", f"-{re.escape(facts['version'])}-"), tail, re.MULTILINE)
        if match:
            line = tail[tail.rfind("\n", 0, match.start()) + 1:].splitlines()[0].strip()
            what = next(filter(None, match.groups()), "")
            return escape(sentence.format(**facts, what=what, reason=f"({line})"))
    what = ("the wheels of this bundle could not be installed. Copy the whole bundle again." if wheels.is_bundle() else
            f"the environment could not be made. To look for the cause: {name_command('doctor')}.")
    return f"{what} ({find_reason(tail)})"


def find_reason(output: str) -> str:
    """Return the line of an output that says most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    return escape(next((line for line in reversed(lines) if re.match("error", line, re.I)), lines[-1]))


def find_facts(output: str) -> dict[str, str]:
    """Return what a line may name: the host, the package and its version, this kind of machine and its time."""
    host, packages = HOST.search(output), [match.groupdict() for match in PACKAGE.finditer(output)]
    versions = [version for each in packages if (version := each.pop("version") or each.pop("uv_version"))]
    names = [name for each in packages for name in each.values() if name]
    return {"host": host[1] if host else "the package index", "package": names[0] if names else "a package",
            "version": versions[0] if versions else "", "machine": wheels.describe_machine(),
            "now": time.strftime("%Y-%m-%d %H:%M")}
