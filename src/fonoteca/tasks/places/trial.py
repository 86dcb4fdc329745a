"""Trying a place out before music is trusted to it: the contract of `locations/base.py`, run where a person's copies
would lie.

    for promise in trial(config):
        print(promise.name, promise.holds, promise.detail)

All happens in a scratch place within it, which is gone afterwards, as are folders that had to be made on the way.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from fonoteca.archive import location_of
from fonoteca.config import urls
from fonoteca.config.model import Config, FolderConfig, LocationConfig, SftpConfig
from fonoteca.core.copy import Level
from fonoteca.core.place import Key, Stamp
from fonoteca.core.promise import Promise, promises
from fonoteca.errors import Conflict, LocationError, UsageError
from fonoteca.locations.base import OpenLocation, Outcome
from fonoteca.tasks.places.founding import adopted
from fonoteca.tasks.places.opening import is_path

MTIME_NS = 1_400_000_001_123_456_789
LARGE = (1 << 20) + 4321


def place_of(config: Config | None, word: str, **files: str | None) -> LocationConfig:
    """The place that a PLACE word means, configured or not. Raises UsageError."""
    if config is not None and word in config.locations:
        return config.locations[word]
    if urls.is_url(word):
        given = {name: os.path.abspath(os.path.expanduser(file)) for name, file in files.items() if file}
        found = urls.remote_place(word, word)
        if given and not isinstance(found, SftpConfig):
            raise UsageError(
                f"--{next(iter(given)).replace('_', '-')} is for SFTP servers, and {word} is none."
            )
        return replace(found, name=urls.shown(found), **given)  # type: ignore[arg-type]  # two of its files
    if is_path(word):
        return FolderConfig(name=word, path=os.path.abspath(os.path.expanduser(os.fsencode(word))))
    known = ", ".join(config.locations if config is not None else ()) or "none"
    raise UsageError(f"There is no location {word} in the config; it has: {known}.")


def trial(config: LocationConfig) -> Iterator[Promise]:
    """Try it; what it can and cannot promise. Raises LocationError where it cannot be used at all."""
    scratch = urls.beneath(config, f"fonoteca-test-{secrets.token_hex(4)}")
    site = location_of(scratch, None)
    try:
        identity, _ = adopted(site)
    except BaseException:
        _give_up(lambda: site.unmake(site.new_identity("posix/1")))
        raise
    try:
        with location_of(scratch, identity).open(write=True) as place:
            yield from _Trial(place).promises()
            yield from promises(place.traits, place.space())
            for _ in place.delete([key for key, _ in place.list(Key(b"try/"))]):
                continue
    finally:
        site.unmake(identity)


def _give_up(act: Callable[[], None]) -> None:
    try:
        act()
    except LocationError:
        return  # the error that led here is the one to be told


@dataclass(slots=True)
class _Trial:
    """The steps of a backup, one after the other."""

    place: OpenLocation

    def promises(self) -> Iterator[Promise]:
        for name, act in (
            ("bytes come back", self._comes_back),
            ("nothing shows before it is whole", self._is_whole),
            ("a file that stands is never replaced", self._never_replaces),
            ("what is replaced is kept", self._keeps),
            ("moving", self._moves),
            ("listing", self._lists),
            ("deleting", self._deletes),
        ):
            try:
                holds, detail = act()
            except LocationError as error:
                holds, detail = False, str(error)
            yield Promise(name, holds, detail, needed=True)

    def _put(self, key: bytes, data: bytes, over: Stamp | None = None, keep: bytes | None = None) -> Outcome:
        kept = Key(keep) if keep is not None else None
        with self.place.batch() as batch:
            writing = batch.create(Key(key), len(data), MTIME_NS, over=over, keep=kept)
            for start in range(0, len(data), 1 << 18):
                writing.write(data[start : start + (1 << 18)])
            staged = writing.finish()
            batch.flush()
            (outcome,) = batch.publish([staged])
        return outcome

    def _read(self, key: bytes) -> bytes:
        with self.place.read(Key(key)) as reading:
            return b"".join(bytes(block) for block in reading)

    def _comes_back(self) -> tuple[bool, str]:
        level = Level.MEDIA
        for name, data in ((b"empty", b""), (b"large", secrets.token_bytes(LARGE))):
            with self.place.batch() as batch:
                writing = batch.create(Key(b"try/" + name), len(data), MTIME_NS)
                writing.write(data)
                staged = writing.finish()
                batch.flush()
                with batch.read(staged) as reading:
                    same = b"".join(bytes(block) for block in reading) == data
                    level = min(level, reading.level)
                (outcome,) = batch.publish([staged])
            if not same or outcome.error is not None or self._read(b"try/" + name) != data:
                return False, str(outcome.error or "other bytes came back than were written")
        return level >= Level.BYTES, f"read back before they count, to level {level.word}"

    def _is_whole(self) -> tuple[bool, str]:
        key = Key(b"try/later")
        with self.place.batch() as batch:
            writing = batch.create(key, 1 << 16, MTIME_NS)
            writing.write(bytes(1 << 16))
            writing.finish()
            batch.flush()
            seen = self.place.stat(key) is not None
        return (
            not seen and self.place.stat(key) is None,
            "a run that is cut off leaves nothing under a name",
        )

    def _never_replaces(self) -> tuple[bool, str]:
        self._put(b"try/first", b"first")
        outcome = self._put(b"try/first", b"second")
        kept = self._read(b"try/first") == b"first"
        return kept and isinstance(outcome.error, Conflict), "what somebody else put there stays"

    def _keeps(self) -> tuple[bool, str]:
        found = self.place.stat(Key(b"try/first"))
        if found is None:
            return False, "what was published is not there"
        outcome = self._put(b"try/first", b"newer", found.stamp, b"try/kept")
        whole = outcome.error is None and self._read(b"try/first") == b"newer"
        return whole and self._read(b"try/kept") == b"first", str(outcome.error or "old and new both stand")

    def _moves(self) -> tuple[bool, str]:
        outcomes = [
            *self.place.move([(Key(b"try/kept"), Key(b"try/in a folder/moved"))]),
            *self.place.move([(Key(b"try/first"), Key(b"try/in a folder/moved"))]),
        ]
        right = outcomes[0].error is None and isinstance(outcomes[1].error, Conflict)
        return right and self._read(
            b"try/in a folder/moved"
        ) == b"first", "without sending bytes, never over another"

    def _lists(self) -> tuple[bool, str]:
        keys = [key for key, _ in self.place.list(Key(b"try/"))]
        expected = [b"try/empty", b"try/first", b"try/in a folder/moved", b"try/large"]
        return (
            keys == expected,
            "complete and in order" if keys == expected else f"{len(keys)} of 4 were listed",
        )

    def _deletes(self) -> tuple[bool, str]:
        twice = [*self.place.delete([Key(b"try/empty")]), *self.place.delete([Key(b"try/empty")])]
        gone = self.place.stat(Key(b"try/empty")) is None
        return gone and all(each.error is None for each in twice), "also of what is gone already"
