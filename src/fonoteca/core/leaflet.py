"""`VERIFY.txt` at a location: how to check, play and restore what is there without fonoteca."""

from __future__ import annotations

from collections.abc import Iterable

from fonoteca.core.place import NamingRule

NAME = b"VERIFY.txt"
"""Its key at a location."""


def verify_text(folders: Iterable[str], rule: NamingRule) -> str:
    """The leaflet for a place that holds the libraries' `folders` under `rule`. Ends with a newline."""
    music = "".join(f"    {folder}/\n" for folder in sorted(folders)) or "    (no library yet)\n"
    return _TEXT.format(music=music, names=_names(rule).rstrip().replace("\n", "\n    "), rule=rule.name)


def _names(rule: NamingRule) -> str:
    return (_PLAIN_NAMES if rule == NamingRule() else _ESCAPED_NAMES) + _CUT_NAMES


_PLAIN_NAMES = """\
Names are the original names, byte for byte.
"""

_ESCAPED_NAMES = """\
Names are the original names, but for what this place can't hold, which is written
as % and two digits of hex: %3A is a colon, %3F a question mark.
Where two names differ only in case or Unicode form, the second bears a number
such as %~2 before its ending.
"""

_CUT_NAMES = """\
A name that is too long for this place was cut, and bears a mark such as
%-0123456789abcdef before its ending.
"""

_TEXT = """\
This folder holds verified copies of a music collection, kept by fonoteca.
Everything here can be used without that program.


To check that every file is as it was recorded

    Linux:    sha256sum -c --quiet SHA256SUMS
    macOS:    shasum -a 256 -c SHA256SUMS
    Run it in this folder. No output (Linux) or only OK lines (macOS) means that all is well.
    Files written since the last run ended may not be listed yet.


To play or to restore

{music}
    These are the music folders as they were: same folders, names, bytes and dates.
    Play them from here, or copy them back with any program.
    Change nothing here: a change would be reported as damage.


Names (rule {rule})

    {names}
    The original name of every file stands in the manifest, see below.


Older versions

    Files that were replaced or removed are kept in .fonoteca/versions/,
    named by the SHA-256 of their bytes. Which file each one was stands in the manifest:
    grep -hE '"op":"(superseded|retired)"' .fonoteca/libraries/*/manifest/*.jsonl


The manifest

    .fonoteca/libraries/<id>/library.json    names a library
    .fonoteca/libraries/<id>/manifest/       numbered files, one JSON object a line, in the order of events
    A line "have" says: the file "key" (a path in this folder) holds the original "path", with this
    size and "sha256"; where "path" is missing it is "key" without its first folder.
    A line "moved" gives the file "from" the new name "to"; a line "retired" takes "key" away.
    A field that ends in _b64 holds, in base64, the exact bytes of a name that is not UTF-8.
    Begin with the last file whose first line says "full":true, or with the first file; later lines win.
    The last line of each finished file holds the SHA-256 of all that stands before it.
    The folder .fonoteca/incoming/ holds unfinished writes and counts for nothing.
    The format is described in full in docs/format.md of fonoteca's source.
"""
