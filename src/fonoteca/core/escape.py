"""One name of a path as a place can hold it, and back: the alphabet of `core/naming`.

    windows/1     AC:DC?.flac        →  AC%3ADC%3F.flac        what can't stand there: `%` and two digits
                  Vol. 2 …etc.       →  Vol. 2 …etc%2E         only the last dot or blank is in the way
                  AUX.flac           →  %41UX.flac             a device's name, its first letter escaped
                  100% Pure%20.mp3   →  100% Pure%20.mp3       `%20` means a blank only at the end of a name
                  B%3A.flac          →  B%253A.flac            would read as `B:.flac`, so its `%` is escaped
    any rule      <300 letters>.flac →  <what fits>%-<16 hex digits>.flac
    folding ones  Song.flac          →  Song%~2.flac           the second of two names that are one name there

A name that bears the mark `%-<16 hex digits>` can't be read back: its original stands in the manifest. The
digits are the first 16 of the SHA-256 of the escaped name in full. A name of the user's that bears such a
mark already is given one more, so that two different names never become one.
"""

from __future__ import annotations

import hashlib
import re

from fonoteca.core.place import NamingRule

EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,15}\Z")
"""What is kept when a name is cut or told apart."""

PERCENT = 0x25
"""A name without it bears no mark of ours. (`in` is quick for a number and slow for bytes.)"""

SHORTENED = re.compile(rb"%-[0-9a-f]{16}")
_MARK_LENGTH = 18
_TOLD_APART = re.compile(r"%~([1-9][0-9]*)((?:\.[A-Za-z0-9]{1,15})?)\Z")
_DEVICES = r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(?:\.|\Z)"
_TRAPS = (b"./", b" /", b"/con", b"/prn", b"/aux", b"/nul", b"/com", b"/lpt", b"/clock")
_DEVICE_LETTERS = "|".join(f"{letter:02X}" for letter in b"ACLNPaclnp")


class Alphabet:
    """What one rule lets stand in a name. Built once a rule; holds compiled patterns only."""

    def __init__(self, rule: NamingRule) -> None:
        self.rule = rule
        self.is_plain = rule == NamingRule(name=rule.name, name_limit=rule.name_limit)
        codes = _codes(rule)
        self._escape = re.compile("|".join(_escaped(rule, codes)))
        self._unescape = re.compile("|".join(_escapes(rule, codes)).encode("ascii"))
        self._harmless = _harmless(rule)

    def is_untouched(self, path: bytes) -> bool:
        """True when no part of `path` needs a change; False may also mean "look closer". Fast."""
        if PERCENT in path or (not self.is_plain and self._is_suspect(path)):
            return False
        limit = self.rule.name_limit
        return len(path) <= limit or max(map(len, path.split(b"/"))) <= limit

    def encode(self, name: bytes) -> bytes:
        """`name` as it can stand there; the same bytes where nothing is in the way."""
        if self.is_plain and len(name) <= self.rule.name_limit and PERCENT not in name:
            return name
        text = name.decode("utf-8", "surrogateescape")
        if not self.is_plain:
            text = self._escape.sub(_percent, text)
        return self._fitted(text, SHORTENED.search(name) is not None)

    def decode(self, name: bytes) -> bytes | None:
        """The name that `encode` made into `name`; None when there is none to be read from it."""
        if SHORTENED.search(name):
            return None
        plain = self._unescape.sub(_raw, name) if not self.is_plain else name
        return plain if self.encode(plain) == name else None

    def tell_apart(self, name: bytes, number: int) -> bytes:
        """`name`, as encoded, with `%~<number>` before its extension."""
        text = name.decode("utf-8", "surrogateescape")
        extension = _extension(text)
        return self._fitted(f"{text[: len(text) - len(extension)]}%~{number}{extension}", False)

    def untold(self, name: bytes) -> bytes:
        """`name` without what `tell_apart` added."""
        if not self.rule.folds:
            return name
        return _TOLD_APART.sub(r"\2", name.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )

    def shortened(self, text: str, whole: bytes, limit: int) -> bytes:
        """`text` cut to `limit` units, with the mark made from `whole` before its extension."""
        mark = f"%-{hashlib.sha256(whole).hexdigest()[:16]}"
        extension = _extension(text)
        stem = self._cut(text[: len(text) - len(extension)], limit - _MARK_LENGTH - len(extension))
        return f"{stem}{mark}{extension}".encode("utf-8", "surrogateescape")

    def _is_suspect(self, path: bytes) -> bool:
        if path.translate(None, self._harmless):
            return True
        if not self.rule.trims_names:
            return False
        framed = b"/" + path.lower() + b"/"
        find = framed.find  # three times as fast as `in`, which first asks whether the trap is a number
        return any(find(trap) >= 0 for trap in _TRAPS)

    def _fitted(self, text: str, looks_shortened: bool) -> bytes:
        name = text.encode("utf-8", "surrogateescape")
        limit = self.rule.name_limit
        fits = len(name) <= limit or sum(map(self._width, text)) <= limit
        return name if fits and not looks_shortened else self.shortened(text, name, limit)

    def _cut(self, text: str, limit: int) -> str:
        used = 0
        for index, character in enumerate(text):
            used += self._width(character)
            if used > limit:
                return text[:index]
        return text

    def _width(self, character: str) -> int:
        if self.rule.name_limit_unit == "utf16":
            return 1 if character <= "\uffff" else 2
        return len(character.encode("utf-8", "surrogateescape"))


def _codes(rule: NamingRule) -> str:
    """What may follow `%` anywhere in a name to mean a byte, as a pattern."""
    single = [f"{ord(character):02X}" for character in sorted(rule.reserved | {"%"}) if character < "\x80"]
    return "|".join([*single, *(["[89A-F][0-9A-F]"] if rule.utf8_only else [])])


def _escaped(rule: NamingRule, codes: str) -> list[str]:
    """Patterns of single characters that `encode` replaces."""
    patterns = [f"%(?={codes})"]
    if rule.reserved:
        patterns.append(_set(rule.reserved))
    if rule.utf8_only:
        patterns.append("[\udc80-\udcff]")
    if rule.folds:
        patterns.append("%(?=~[0-9])")
    if rule.trims_names:
        patterns += [
            r"[. ]\Z",
            r"%(?=(?:20|2E)\Z)",
            rf"\A%(?={_DEVICE_LETTERS})",
            rf"\A(?i:(?={_DEVICES})[a-z])",
        ]
    return patterns


def _escapes(rule: NamingRule, codes: str) -> list[str]:
    """Patterns of what `decode` turns back into one byte."""
    trimmed = [r"%(?:20|2E)\Z", rf"\A%(?:{_DEVICE_LETTERS})"] if rule.trims_names else []
    return [f"%(?:{codes})", *trimmed]


def _harmless(rule: NamingRule) -> bytes:
    """The bytes that never ask for a change by themselves."""
    return bytes(byte for byte in range(1, 0x80) if chr(byte) not in rule.reserved)


def _set(characters: frozenset[str]) -> str:
    return f"[{''.join(re.escape(character) for character in sorted(characters))}]"


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))


def _raw(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[0][1:].decode("ascii"))


def _extension(text: str) -> str:
    found = EXTENSION.search(text)
    return found[0] if found else ""
