"""What rclone's words mean. It tells no kinds of errors apart but "not there" (404): the words of some 70 remotes are
all there is, so what is not known here fails for good, with those words.
"""

from __future__ import annotations

import re
from enum import Enum

from fonoteca.core.place import OWN
from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Lost, Refused
from fonoteca.locations.rclone.address import Address, parts
from fonoteca.locations.rclone.client import Failure

_LONGEST = 300
_HIDDEN = (
    (re.compile(r"(?<=://)[^/@\s\"]*@"), "***@"),
    (re.compile(r"(?i)\b(\w*(?:pass|token|secret|key)\w*)=[^&\s,:\"]+"), r"\1=***"),
    (re.compile(r"http://127\.0\.0\.1:\d+/[\w-]+"), "what was sent"),
)


class Meaning(Enum):
    """What a failure is about."""

    UNKNOWN_REMOTE = (
        r"didn't find section in config file|didn't find backend called|config name contains invalid"
    )
    LOCKED_CONFIG = (
        r"unable to decrypt config|not allowed to ask for password|couldn't decrypt|failed to load config"
    )
    CERTIFICATE = r"x509|certificate"
    BUSY = (
        r"connection (refused|reset|timed out)|broken pipe|timeout|timed out|\beof\b|no such host|temporary failure|"
        r"network is (down|unreachable)|no route to host|tls handshake|bad gateway|service unavailable|try again|"
        r"too many requests|rate ?limit|server misbehaving|deadline|context canceled|locked|\b(429|50[234])\b"
    )
    FULL = (
        r"no space left|insufficient storage|not enough (space|storage)|quota|storage limit|disk full|"
        r"remaining disk space|\b507\b"
    )
    LOGIN = (
        r"\b401\b|unauthori[sz]ed|unauthenticated|invalid_grant|token (has )?expired|(fetch|empty|invalid|refresh) "
        r"token|invalid.?credentials|authentication|log ?in (failed|incorrect)|InvalidAccessKeyId|SignatureDoesNotMatch"
    )
    DENIED = (
        r"permission denied|forbidden|\b403\b|access ?denied|not permitted|permission|read.?only|immutable"
    )
    NAME = r"(name|path) too long|invalid (file ?)?name|name .{0,40}(invalid|not allowed)|malformed.?path"
    IN_THE_WAY = r"not a directory|is a directory|is a file|is not a (regular )?file"
    TOO_LARGE = r"too large|\b413\b|exceeds? .{0,30}(size|limit)|maximum .{0,20}size|empty files"


_KNOWN = {meaning: re.compile(meaning.value, re.IGNORECASE) for meaning in Meaning}


def meaning(text: str) -> Meaning | None:
    """What rclone's words are about, None where they are not known. The first in the order above counts."""
    return next((each for each, words in _KNOWN.items() if words.search(text)), None)


def is_absence(failure: Failure) -> bool:
    """True where nothing stands there, or its folder is none."""
    return failure.status == 404 or "not a directory" in failure.text


def said(failure: Failure) -> str:
    """Its words for a sentence: one line, without what logs in."""
    text = " ".join(failure.text.split())
    for secret, instead in _HIDDEN:
        text = secret.sub(instead, text)
    return text[:_LONGEST].rstrip(".")


def meant(
    place: str, address: Address, failure: Failure, key: bytes | None = None, *, needed: int = 0
) -> LocationError:
    """The error that says what `failure` means. `needed`: bytes to be written; `key`: the name in question."""
    about = None if key is None or key.startswith(OWN + b"/") else key
    match meaning(failure.text):
        case Meaning.BUSY:
            return Lost(place, f"rclone says: {said(failure)}")
        case Meaning.FULL:
            return Full(place, needed, None)
        case Meaning.IN_THE_WAY | Meaning.NAME as found if key is not None:
            what = "has a folder or file in its way" if found is Meaning.IN_THE_WAY else "is no name there"
            return Conflict(place, key, f"{what} ({said(failure)})")
        case Meaning.DENIED | Meaning.TOO_LARGE if about is not None:
            return Refused(place, about, said(failure))
        case None if failure.status == 404:
            return Conflict(place, key, "is not there") if key is not None else _away(place, failure)
        case found:
            return _about_the_place(place, address, failure, found)


def _about_the_place(place: str, address: Address, failure: Failure, found: Meaning | None) -> LocationError:
    name = parts(address.remote).name
    match found:
        case Meaning.UNKNOWN_REMOTE:
            return Away(
                place,
                f"rclone knows no remote {name}: ({said(failure)})",
                "Run `rclone config` to make it, or correct `remote`; `rclone listremotes` shows what there is.",
            )
        case Meaning.LOCKED_CONFIG:
            return Denied(
                place,
                f"rclone cannot read its config ({said(failure)})",
                "Give its password in the environment as RCLONE_CONFIG_PASS, or by RCLONE_PASSWORD_COMMAND.",
            )
        case Meaning.LOGIN:
            return Denied(
                place,
                f"the login is not accepted ({said(failure)})",
                f"Run `rclone config reconnect {name}:` or `rclone config`, and this again.",
            )
        case Meaning.CERTIFICATE:
            return Denied(
                place, said(failure), "Name its authority's file in the environment as RCLONE_CA_CERT."
            )
        case Meaning.DENIED:
            return Denied(place, said(failure), "Give this account permission there.")
        case _:
            return Broken(place, f"rclone says: {said(failure)}")


def _away(place: str, failure: Failure) -> Away:
    return Away(place, f"a folder of it is no longer there ({said(failure)})", "Look what happened there.")
