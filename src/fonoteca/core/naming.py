"""Names: the path of an entry in its library ↔ its key at a location, whatever that place can hold.

    >>> to_key("music", b"AC:DC/Live?.flac", rule_named("posix/1"))
    b'music/AC:DC/Live?.flac'
    >>> to_key("music", b"AC:DC/Live?.flac", rule_named("windows/1"))
    b'music/AC%3ADC/Live%3F.flac'
    >>> to_path(Key(b"music/AC%3ADC/Live%3F.flac"), rule_named("windows/1"))
    b'AC:DC/Live?.flac'

A rule's name says all of it and stands in the location's marker: a family, then what the place asks beyond
it.

    posix/1      bytes as they are, names of at most 255 bytes
    windows/1    FAT, exFAT, NTFS, SMB: no reserved or control characters, trailing dots or blanks, device
                 names; UTF-8; 255 UTF-16 units; no difference between `A` and `a`
    object/1     S3 and the like: UTF-8 without control characters, 255 bytes a name, 1,024 bytes a key
    +folds       case or Unicode form is not kept apart    +utf8      names are UTF-8
    +bytes143    names of at most 143 bytes                +units200  … of at most 200 UTF-16 units
    +key960      keys of at most 960 bytes                 +not23     these ASCII characters (hex) can't stand

What a name means never changes once released; another meaning is another name. `core/escape.py` is the
alphabet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from fonoteca.core.entry import RelPath
from fonoteca.core.escape import PERCENT, SHORTENED, Alphabet
from fonoteca.core.place import OWN, Key, NamingRule, Traits

_CONTROLS = frozenset(map(chr, range(0x20)))
_FAMILIES = {
    "posix/1": NamingRule(),
    "windows/1": NamingRule(
        name="windows/1",
        reserved=_CONTROLS | frozenset('"*:<>?\\|'),
        utf8_only=True,
        trims_names=True,
        name_limit_unit="utf16",
        folds=True,
    ),
    "object/1": NamingRule(
        name="object/1",
        # C0, DEL, C1, and the two that XML can't carry: a bucket is listed in XML.
        reserved=_CONTROLS | frozenset(map(chr, range(0x7F, 0xA0))) | frozenset("\ufffe\uffff"),
        utf8_only=True,
        key_limit=1024,
    ),
}
_MODIFIER = re.compile(r"(folds|utf8|bytes|units|key|not)([0-9a-f]*)")
_NEEDED = frozenset("%~-.0123456789ABCDEFabcdef")
_SHORTEST_NAME = 64
_SHORTEST_KEY = 400
_LONGEST_LAST = 120

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def rule_for(traits: Traits) -> NamingRule:
    """The rule for a place that can do what `traits` say. Raises ValueError where none would do."""
    base = _FAMILIES[_family(traits)]
    added = [
        "folds" if (traits.folds_case or traits.normalises_unicode) and not base.folds else "",
        "utf8" if traits.utf8_only and not base.utf8_only else "",
        _length_modifier(traits, base),
        _key_modifier(traits, base),
        _reserved_modifier(traits, base),
    ]
    return rule_named("+".join([base.name, *filter(None, added)]))


@lru_cache(maxsize=64)
def rule_named(name: str) -> NamingRule:
    """The rule that a marker names. Raises ValueError for one that this version does not know."""
    family, *added = name.split("+")
    if family not in _FAMILIES:
        raise ValueError(f"the naming rule {name} is not known")
    rule = _FAMILIES[family]
    for modifier in added:
        rule = _modified(rule, modifier)
    if rule.name_limit < _SHORTEST_NAME or (rule.key_limit or _SHORTEST_KEY) < _SHORTEST_KEY:
        raise ValueError(f"names under the rule {name} would be too short to be told apart")
    return replace(rule, name=name)


def folder_key(folder: str, rule: NamingRule) -> bytes:
    """The name of a library's folder at a place."""
    return _folder(folder, rule.name)


def to_key(folder: str, path: bytes, rule: NamingRule, taken: Callable[[bytes], bool] | None = None) -> Key:
    """The key for the entry `path` of the library whose folder there is `folder`.

    `taken` tells whether another entry holds the key whose `fold` it is given; it is asked only where the
    place folds names. Folders are not told apart: two that fold to one share it, so compare listed keys by
    their `fold`.
    """
    alphabet = _alphabet(rule.name)
    if alphabet.is_plain and len(path) <= alphabet.rule.name_limit and PERCENT not in path:
        return Key(_folder(folder, rule.name) + b"/" + path)
    names = path
    if not alphabet.is_untouched(path):
        names = b"/".join(map(alphabet.encode, path.split(b"/")))
    key = Key(_fitted(_folder(folder, rule.name) + b"/" + names, alphabet))
    if taken is None or not alphabet.rule.folds:
        return key
    return _free(key, rule, taken)


def to_path(key: Key, rule: NamingRule) -> RelPath | None:
    """The path whose key this is, told apart or not; None where only the manifest knows or no path has it."""
    folder, _, names = key.partition(b"/")
    if not names or folder == OWN:
        return None
    alphabet = _alphabet(rule.name)
    *folders, last = names.split(b"/")
    parts = [alphabet.decode(name) for name in (*folders, alphabet.untold(last))]
    known = [part for part in parts if part is not None]
    return RelPath(b"/".join(known)) if len(known) == len(parts) else None


def is_shortened(key: Key) -> bool:
    """True when the path can't be read from `key` because a name in it was cut."""
    return SHORTENED.search(key) is not None


def fold(key: Key, rule: NamingRule) -> bytes:
    """Equal for two keys that the place may hold to be one; the key itself where it keeps all apart.

    Broader than what any of FAT, NTFS, APFS and folding ext4 does, since one suffix too many costs nothing:
    case (through upper case, so that `ı` meets `i`), Unicode form, invisible characters. It follows the
    interpreter's Unicode version, so compare folds made by one process and store none.
    """
    if not _alphabet(rule.name).rule.folds:
        return key
    if key.isascii():
        return key.lower()
    text = _INVISIBLE.sub("", unicodedata.normalize("NFD", key.decode("utf-8", "surrogateescape")))
    return unicodedata.normalize("NFC", text.upper().casefold()).encode("utf-8", "surrogateescape")


def tell_apart(key: Key, number: int, rule: NamingRule) -> Key:
    """`key` for the `number`-th entry (from 2 on) whose key folds to the same: `…/Song%~2.flac`."""
    alphabet = _alphabet(rule.name)
    folders, slash, last = key.rpartition(b"/")
    return Key(_fitted(folders + slash + alphabet.tell_apart(last, number), alphabet))


def _free(key: Key, rule: NamingRule, taken: Callable[[bytes], bool]) -> Key:
    candidate, number = key, 1
    while taken(fold(candidate, rule)):
        number += 1
        candidate = tell_apart(key, number, rule)
    return candidate


def _fitted(key: bytes, alphabet: Alphabet) -> bytes:
    """A key over the limit keeps its first folders and a cut last name, marked with the digest of it all."""
    limit = alphabet.rule.key_limit
    if limit is None or len(key) <= limit:
        return key
    root, *folders, last = key.split(b"/")
    name = alphabet.shortened(
        last.decode("utf-8", "surrogateescape"), key, min(_LONGEST_LAST, alphabet.rule.name_limit)
    )
    kept = root
    for folder in folders:
        if len(kept) + len(folder) + len(name) + 2 > limit:
            break
        kept += b"/" + folder
    return kept + b"/" + name


@lru_cache(maxsize=256)
def _folder(folder: str, rule_name: str) -> bytes:
    return _alphabet(rule_name).encode(folder.encode("utf-8", "surrogateescape"))


@lru_cache(maxsize=64)
def _alphabet(name: str) -> Alphabet:
    return Alphabet(rule_named(name))


def _family(traits: Traits) -> str:
    if traits.reserved or traits.trims_names or traits.name_limit_unit == "utf16":
        return "windows/1"
    return "posix/1" if traits.key_limit is None else "object/1"


def _length_modifier(traits: Traits, base: NamingRule) -> str:
    same_unit = traits.name_limit_unit == base.name_limit_unit
    if same_unit and traits.name_limit >= base.name_limit:
        return ""
    word = "units" if traits.name_limit_unit == "utf16" else "bytes"
    return f"{word}{min(traits.name_limit, base.name_limit)}"


def _key_modifier(traits: Traits, base: NamingRule) -> str:
    if traits.key_limit is None or (base.key_limit is not None and base.key_limit <= traits.key_limit):
        return ""
    return f"key{traits.key_limit}"


def _reserved_modifier(traits: Traits, base: NamingRule) -> str:
    extra = "".join(sorted(set(traits.reserved) - base.reserved - {"/", "\0"}))
    return f"not{extra.encode('utf-8').hex()}" if extra else ""


def _modified(rule: NamingRule, modifier: str) -> NamingRule:
    match = _MODIFIER.fullmatch(modifier)
    word, value = match.groups() if match else ("", "")
    if word == "folds" and not value:
        return replace(rule, folds=True)
    if word == "utf8" and not value:
        return replace(rule, utf8_only=True)
    if word in ("bytes", "units") and value.isdecimal():
        return replace(rule, name_limit=int(value), name_limit_unit="bytes" if word == "bytes" else "utf16")
    if word == "key" and value.isdecimal():
        return replace(rule, key_limit=int(value))
    if word == "not" and value:
        return replace(rule, reserved=rule.reserved | _added_characters(value))
    raise ValueError(f"the naming rule's part +{modifier} is not known")


def _added_characters(value: str) -> frozenset[str]:
    characters = frozenset(bytes.fromhex(value).decode("ascii"))
    if characters & _NEEDED:
        raise ValueError(
            f"a place that can't hold any of {''.join(sorted(characters & _NEEDED))!r} can't hold our names"
        )
    return characters
