"""Copies within a bucket, also where the server makes none itself: then the bytes go through this machine."""

from __future__ import annotations

from fonoteca.core.place import Key, Stat
from fonoteca.errors import Broken, Lost
from fonoteca.locations.s3.border import Incapable, theirs
from fonoteca.locations.s3.reading import S3Reading
from fonoteca.locations.s3.stat import etag_of
from fonoteca.locations.s3.store import Store
from fonoteca.locations.same import same_bytes

ONE = 16 << 20
"""Bytes that are held at once: objects up to this size go in one request, larger ones in parts."""

_MOST_PARTS = 10_000


def copied(store: Store, key: Key, target: Key, stat: Stat) -> Stat:
    """A copy of just the object that `stat` is: made over there, or by us where the server cannot (Ceph 16 with
    encryption), and then read back and compared. Raises LocationError, Missing, Unmet.
    """
    if store.copies:
        try:
            return store.copy(key, target, stat)
        except Incapable:
            store.copies = False
    made = _carry(store, key, target, stat)
    if not same_bytes(S3Reading(store, key), S3Reading(store, target)):
        store.delete([target])
        raise Broken(store.place, "bytes changed on their way from one name there to another")
    return made


def _carry(store: Store, key: Key, target: Key, stat: Stat) -> Stat:
    if stat.size <= ONE:
        return store.put(target, _piece(store, key, stat, 0, stat.size))
    upload = store.begin(target)
    try:
        step = max(ONE, -(-stat.size // _MOST_PARTS))
        for number, start in enumerate(range(0, stat.size, step), 1):
            piece = _piece(store, key, stat, start, min(step, stat.size - start))
            store.send(upload, number, [piece])
        return store.complete(upload, stat.size)
    except BaseException:
        store.abort(upload)
        raise


def _piece(store: Store, key: Key, stat: Stat, start: int, length: int) -> bytes:
    """These bytes of just that object."""
    if not length:
        return b""
    span = f"bytes={start}-{start + length - 1}"
    reply = store.call("get_object", key, Key=store.name(key), IfMatch=etag_of(stat.stamp), Range=span)
    body = reply["Body"]
    try:
        data: bytes = body.read(length)
    except theirs() as error:
        raise store.said(error, "get_object", key) from error
    finally:
        body.close()
    if len(data) != length:
        raise Lost(store.place, "an answer ended before its end")
    return data
