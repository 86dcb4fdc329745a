"""One request to a bucket: its client, the names that objects have there, and what is asked for what is written.

Raises LocationError; `Unmet` where a condition does not hold, `Missing` where there is no such object.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from fonoteca.core.naming import rule_named
from fonoteca.core.place import OWN, Key
from fonoteca.errors import Conflict, Denied
from fonoteca.locations.keys import checked
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.border import meant, theirs
from fonoteca.locations.s3.login import READ_S, client, forget
from fonoteca.locations.s3.wire import Wire

_FORBIDDEN = rule_named("object/1").reserved
_STREAMS = 16


class Asking:
    """One bucket, asked in keys of ours. Usable from several threads."""

    def __init__(self, place: str, address: Address, *, limit_s: float | None = None) -> None:
        self.place = place
        self.address = address
        self.conditions = False
        """The server honours If-None-Match and If-Match, as a probe has shown."""
        self.holds_to_md5 = False
        """The server refuses bytes that do not fit their Content-MD5, as a probe has shown."""
        self.digests = False
        """The server checks SHA-256, as a probe has shown."""
        self.copies = True
        """The server copies objects itself, or was not asked yet."""
        self._limit_s = limit_s or READ_S
        self._client: Any = None
        self._wire: Wire | None = None
        self._lock = threading.Lock()

    @property
    def client(self) -> Any:
        """Made when it is first needed. Raises Denied."""
        with self._lock:
            if self._client is None:
                self._client, self._wire = client(
                    self.place, self.address, limit_s=self._limit_s, streams=self.address.streams or _STREAMS
                )
            return self._client

    def close(self) -> None:
        """Let go of the connections; the next use makes new ones. Never raises."""
        with self._lock:
            self._client = None
            wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def name(self, key: bytes) -> str:
        """The key in the bucket. Raises Conflict for what no object can be called."""
        try:
            text = checked(self.place, key).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Conflict(self.place, Key(key), "is not UTF-8, which every name there is") from error
        if len(key) > self.address.room:
            raise Conflict(
                self.place, Key(key), f"is longer than the {self.address.room} bytes that fit there"
            )
        if any(character in _FORBIDDEN for character in text):
            raise Conflict(self.place, Key(key), "holds control characters, which no name there can")
        return f"{self.address.prefix}/{text}" if self.address.prefix else text

    def call(
        self, operation: str, key: bytes | None = None, *, needed: int = 0, **params: Any
    ) -> dict[str, Any]:
        """One request. `operation`: as the client calls it, for example `head_object`."""
        method = getattr(self.client, operation)
        wire = self._wire if Wire.speaks(operation) else None
        try:
            if wire is not None:
                return wire.ask(operation, params)
            return dict(method(Bucket=self.address.bucket, **params))
        except theirs() as error:
            found = self.said(error, operation, key, needed)
            if isinstance(found, Denied):
                forget(self.address)
            raise found from error

    def said(self, error: Exception, operation: str, key: bytes | None = None, needed: int = 0) -> Exception:
        """One of `theirs` as what it means."""
        spoken = "".join(word.capitalize() for word in operation.split("_"))
        return meant(self.place, self.address, error, spoken, key, needed)

    def terms(self, key: bytes) -> dict[str, Any]:
        """What is asked for an object: encryption, storage class, and until when nobody can erase it.

        Our own files are written anew and removed all the time, so they are neither locked nor put into another class.
        """
        asked: dict[str, Any] = dict(self.address.encrypted())
        if _is_own(key):
            return asked
        if self.address.storage_class is not None:
            asked["StorageClass"] = self.address.storage_class
        if self.address.retain_s is not None:
            until = datetime.now(UTC) + timedelta(seconds=self.address.retain_s)
            asked |= {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        return asked


_VERSIONS = OWN + b"/versions/"


def _is_own(key: bytes) -> bool:
    """True for what is ours: neither music nor a version of it."""
    if key in (b"SHA256SUMS", b"VERIFY.txt"):
        return True
    return key.startswith(OWN + b"/") and not key.startswith(_VERSIONS)
