"""Finding out what a remote can and cannot do, by trying it in a scratch folder that is removed again."""

from __future__ import annotations

import unicodedata
from concurrent.futures import Future

from fonoteca.core.place import Traits
from fonoteca.errors import Broken, Conflict, Denied, LocationError
from fonoteca.locations.rclone.account import keeps_digests
from fonoteca.locations.rclone.client import Failure
from fonoteca.locations.rclone.feed import SECOND_NS
from fonoteca.locations.rclone.remote import Remote

_SUSPECTS = '<>:"|?*\\'
_ODD_TIME_NS = 1_234_567_891 * SECOND_NS
"""Odd in seconds: FAT keeps every other one."""

_NO_TIMES_NS = 3600 * SECOND_NS
"""rclone calls the times of a remote that keeps none precise to a hundred years."""

_KEY_LIMITS = (1024, 400)
"""Longest whole names that are tried: OneDrive takes 400 characters."""

STREAMS = 4


def probe(remote: Remote, scratch: bytes) -> Traits:
    """What can be done there. Raises LocationError where even plain files cannot be made and renamed."""
    features = remote.features()
    can = features.get("Features") or {}
    if not can.get("Move") and not can.get("Copy"):
        raise Denied(
            remote.place,
            "this remote can neither move nor copy files on its own side, so that nothing could be read back "
            "before it takes its name",
            "Choose a remote of another type.",
        )
    trial = _Trial(remote, scratch)
    try:
        trial.expect_plain()
        limit, unit = trial.name_limit()
        return Traits(
            folds_case=trial.is_seen_as("fold-case", "FOLD-CASE"),
            normalises_unicode=trial.normalises(),
            reserved=trial.reserved(),
            utf8_only=True,
            trims_names=not trial.keep_all(["dot.", "blank "]),
            name_limit=limit,
            name_limit_unit=unit,
            key_limit=trial.key_limit(limit),
            mtime_precision_ns=trial.precision(int(features.get("Precision") or 0)),
            hard_links=False,
            durable_flush=False,
            store_digest="sha256" if keeps_digests(remote) else None,
            streams=STREAMS,
        )
    finally:
        trial.clear()


class _Trial:
    """Trials in one folder."""

    def __init__(self, remote: Remote, folder: bytes) -> None:
        self.remote = remote
        self.folder = folder

    def _path(self, name: str) -> bytes:
        return self.folder + b"/" + name.encode()

    def expect_plain(self) -> None:
        """Writing, renaming, listing and removing are allowed, and give back what was given."""
        data = b"fonoteca was here"
        try:
            self.remote.write_small(self._path("plain"), data, _ODD_TIME_NS)
        except (Broken, Conflict) as error:
            raise Denied(
                self.remote.place,
                f"no file can be put there ({error.reason})",
                "Give this account permission there.",
            ) from error
        self.remote.move(self._path("plain"), self._path("renamed"))
        if [name for name, _ in self.remote.folder(self.folder)] != [self._path("renamed")]:
            raise Denied(self.remote.place, "a file that was just renamed there is not listed so")
        if self.remote.read_small(self._path("renamed")) != data:
            raise Denied(self.remote.place, "a file that was just written there reads back differently")

    def clear(self) -> None:
        """Remove what is there. Never raises: what stays is swept at the next opening."""
        try:
            self.remote.purge(self.folder)
        except LocationError:
            return

    def kept(self, names: list[str]) -> list[str]:
        """Those of the names that files can be given, and that are listed just so."""
        self.remote.make_folders([self._path("")])
        sent = [self.remote.send_small(self._path(name), b"x", _ODD_TIME_NS) for name in names]
        made = [name for name, answer in zip(names, sent, strict=True) if _is_done(answer)]
        folders = {self._path(name).rpartition(b"/")[0] for name in made}
        listed = {name for folder in folders for name, _ in self.remote.folder(folder)}
        for name in made:
            self.remote.remove(self._path(name))
        return [name for name in made if self._path(name) in listed]

    def keep_all(self, names: list[str]) -> bool:
        """True when all of them are kept."""
        return self.kept(names) == names

    def is_seen_as(self, name: str, other: str) -> bool:
        """True when what bears one name is found under another too."""
        self.remote.write_small(self._path(name), b"x", _ODD_TIME_NS)
        found = self.remote.stat(self._path(other)) is not None
        self.remote.remove(self._path(name))
        return found

    def normalises(self) -> bool:
        """True when accents are not kept apart in their two forms."""
        composed, apart = (unicodedata.normalize(form, "nfé") for form in ("NFC", "NFD"))
        return self.is_seen_as(composed, apart) or not self.keep_all([apart])

    def reserved(self) -> str:
        """Characters that no name can hold there. rclone writes most of them in another way and reads them back."""
        names = {each: f"re{each}served" for each in _SUSPECTS}
        kept = self.kept(list(names.values()))
        return "".join(each for each, name in names.items() if name not in kept)

    def name_limit(self) -> tuple[int, str]:
        """The longest name, and whether it is counted in bytes or in UTF-16 units."""
        limit = 255 if self.kept(["n" * 255]) else self._longest(255)
        return limit, "utf16" if self.kept(["é" * limit]) else "bytes"

    def _longest(self, above: int) -> int:
        low, high = 1, above
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self.kept(["n" * middle]) else (low, middle)
        return low

    def key_limit(self, name_limit: int) -> int:
        """The longest whole key of those tried; a shorter one is refused by whoever makes the naming rule."""
        for limit in _KEY_LIMITS:
            room, part = limit - len(self.folder) - 1, min(name_limit, 100)
            parts = ["k" * part] * (room // (part + 1))
            rest = room - len(parts) * (part + 1)
            if self.kept(["/".join([*parts, "r" * rest] if rest else parts)]):
                return limit
        return 0

    def precision(self, said_ns: int) -> int | None:
        """Smallest step of a time that is kept: never less than a second, since HTTP carries no less."""
        found = self.remote.stat(self._path("renamed"))
        if said_ns > _NO_TIMES_NS or found is None or found.mtime_ns is None:
            return None
        step = max(said_ns, SECOND_NS)
        return step if abs(found.mtime_ns - _ODD_TIME_NS) < step else None


def _is_done(answer: Future[None]) -> bool:
    """False where it was refused. Raises Lost, Away."""
    try:
        answer.result()
    except Failure:
        return False
    return True
