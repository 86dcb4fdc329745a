"""The word that was meant: commands that people know from other programs, and slips of the finger.

>>> suggestion("fsck", ["backup", "verify"])
'verify'
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_KNOWN_AS = {
    "verify": "check fsck audit cryptcheck validate test diff hash checksum md5 sha256sum compare",
    "backup": "sync copy cp create snapshot push rsync upload save archive run update mirror bu clone",
    "list": "ls find search files dir contents entries query",
    "show": "info inspect stat details cat metadata file",
    "log": "journal events history",
    "tags": "tag retag edits id3",
    "restore": "extract recover export get pull download undelete checkout retrieve",
    "status": "doctor health state report summary stats overview df du",
    "repair": "fix heal mend correct",
    "scan": "index import rescan refresh ingest analyze analyse",
    "protect": "setup start quickstart begin guard",
    "init": "new configure initialize initialise",
    "location": "remote repo repository target destination locations drive disk key",
    "library": "folder source libraries collection music",
    "library add": "add",
    "location forget": "remove rm delete",
    "config": "settings preferences options conf cfg",
    "demo": "example tour try tutorial",
    "--help": "help man usage",
    "--version": "version",
}
_MEANT = {word: command for command, words in _KNOWN_AS.items() for word in words.split()}


_IN_GROUPS = {
    "forget": "remove rm delete del drop unlink",
    "list": "ls show all",
    "add": "new create",
    "adopt": "move relocate import recover",
    "replace": "swap exchange",
    "check": "validate test lint verify",
    "show": "cat print dump get",
    "path": "where file edit",
}
_MEANT_IN_GROUPS = {(command, word) for command, words in _IN_GROUPS.items() for word in words.split()}


def suggestion_in(word: str, commands: Iterable[str]) -> str | None:
    """As `suggestion`, among the commands of a group (`library rm`).

    >>> suggestion_in("rm", ["add", "list", "forget"])
    'forget'
    """
    names = list(commands)
    known = next((name for name in names if (name, word.lower()) in _MEANT_IN_GROUPS), None)
    return known or next(iter(get_close_matches(word.lower(), names, n=1, cutoff=0.6)), None)


def suggestion(word: str, commands: Iterable[str]) -> str | None:
    """What `word` most likely means, or None. A slip of the finger is looked for first."""
    close = get_close_matches(word.lower(), list(commands), n=1, cutoff=0.75)
    if close:
        return close[0]
    return _MEANT.get(word.lower())
