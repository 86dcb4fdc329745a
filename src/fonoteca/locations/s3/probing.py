"""Finding out what a server can and cannot do, by trying it on objects of our own that are removed again.

A server says yes to headers that it does not know: so a wrong digest has to be refused, and a condition that does not
hold, before either is relied on. (Ceph 16 and rclone take any SHA-256; rclone writes over what If-None-Match guards.)
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import unicodedata
from collections.abc import Callable

from fonoteca.core.place import Key, Traits
from fonoteca.errors import Broken, Denied, LocationError
from fonoteca.locations.keys import INCOMING
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.stat import etag_of
from fonoteca.locations.s3.store import Store

STREAMS = 16
"""So many requests at once: most of their time is the way there and back."""


def probe(store: Store) -> Traits:
    """What can be done there. Raises LocationError where even plain objects cannot be made and removed."""
    scratch = INCOMING + b"/probe-" + secrets.token_hex(4).encode()
    trial = _Trial(store, scratch)
    try:
        trial.expect_plain()
        if store.address.retain_s is not None:
            _expect_lock(store)
        return Traits(
            folds_case=trial.is_seen_as("fold-case", "FOLD-CASE"),
            normalises_unicode=trial.normalises(),
            utf8_only=True,
            key_limit=store.address.room,
            mtime_precision_ns=None,
            hard_links=False,
            atomic_upload=trial.checks_md5(),
            conditional_write=trial.honours_conditions(),
            store_digest="sha256" if trial.checks_sha256() else None,
            streams=STREAMS,
        )
    finally:
        trial.clear()


class _Trial:
    """Trials below one prefix."""

    def __init__(self, store: Store, scratch: bytes) -> None:
        self.store = store
        self.scratch = scratch
        self.made: list[Key] = []

    def _key(self, name: str) -> Key:
        key = Key(self.scratch + b"/" + name.encode())
        self.made.append(key)
        return key

    def expect_plain(self) -> None:
        """Writing, listing, reading and removing are allowed, and give back what was given."""
        key, data = self._key("plain"), b"fonoteca was here"
        self.store.put(key, data)
        if [found for found, _ in self.store.list(self.scratch + b"/plain")] != [key]:
            raise Broken(self.store.place, "an object that was just written there is not listed")
        if self.store.read_small(key) != data:
            raise Broken(self.store.place, "an object that was just written there reads back differently")
        for error in self.store.delete([key]).values():
            raise error

    def clear(self) -> None:
        """Remove what was made. Never raises: what stays is swept at the next opening."""
        try:
            self.store.delete(self.made)
        except LocationError:
            return

    def is_seen_as(self, name: str, other: str) -> bool:
        """True when two names mean one object there."""
        self.store.put(self._key(name), b"")
        return self.store.head(Key(self.scratch + b"/" + other.encode())) is not None

    def normalises(self) -> bool:
        """True when NFC and NFD are one name, or the one becomes the other."""
        composed, apart = (unicodedata.normalize(form, "nfé") for form in ("NFC", "NFD"))
        if self.is_seen_as(composed, apart):
            return True
        key = self._key(apart)
        self.store.put(key, b"")
        return [found for found, _ in self.store.list(key)] != [key]

    def _refuses(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (Broken, Denied, Unmet):
            return True
        return False

    def checks_md5(self) -> bool:
        """True when bytes that do not fit Content-MD5 are refused."""
        key = self._key("md5")
        wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
        return self._refuses(
            lambda: self.store.call("put_object", key, Key=self.store.name(key), Body=b"x", ContentMD5=wrong)
        )

    def checks_sha256(self) -> bool:
        """True when bytes that do not fit their SHA-256 are refused, and the right one is told again."""
        key = self._key("sha256")
        wrong, right = (base64.b64encode(hashlib.sha256(each).digest()).decode() for each in (b"other", b"x"))
        name = self.store.name(key)
        if not self._refuses(
            lambda: self.store.call("put_object", key, Key=name, Body=b"x", ChecksumSHA256=wrong)
        ):
            return False
        try:
            self.store.call("put_object", key, Key=name, Body=b"x", ChecksumSHA256=right)
            found = self.store.call("head_object", key, Key=name, ChecksumMode="ENABLED")
        except (LocationError, Missing, Unmet):
            return False
        return found.get("ChecksumSHA256") == right

    def honours_conditions(self) -> bool:
        """True when If-None-Match and If-Match both keep what stands, and the right If-Match lets it be replaced."""
        key, data = self._key("conditions"), b"stands"
        first = self.store.put(key, b"stood")
        try:
            self.store.call(
                "put_object", key, Key=self.store.name(key), Body=data, IfMatch=etag_of(first.stamp)
            )
        except (LocationError, Unmet):
            return False
        name = self.store.name(key)
        other = "0" * 32
        kept = self._is_unmet(key, name, IfNoneMatch="*") and self._is_unmet(key, name, IfMatch=other)
        return kept and self.store.read_small(key) == data

    def _is_unmet(self, key: Key, name: str, **condition: str) -> bool:
        try:
            self.store.call("put_object", key, needed=0, Key=name, Body=b"new", **condition)
        except Unmet:
            return True
        except LocationError:
            return False  # a server that does not know the header at all
        return False


def _expect_lock(store: Store) -> None:
    """Raises Denied where `retain` is asked and the bucket knows no object lock."""
    try:
        found = store.call("get_object_lock_configuration")
        enabled = found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
    except (Broken, Missing):
        enabled = False
    if not enabled:
        raise Denied(
            store.place,
            f"the bucket {store.address.bucket} has no object lock, and `retain` asks for it",
            "Object lock is switched on when a bucket is made: make a new one with it, or take `retain` out.",
        )
