"""The objects below a prefix of a bucket: single requests, each safe to repeat, in keys of ours.

    store = Store("cloud", Address("ana-music", "archive"))
    store.head(Key(b"music/a.flac"))            # Stat(…), None where nothing stands
    store.put(key, data, Terms(lock=True), once=True)

Raises LocationError; `Unmet` where a condition does not hold, `Missing` where there is no such object.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fonoteca.core.place import Key, Stamp, Stat
from fonoteca.errors import Broken, Conflict, LocationError
from fonoteca.locations.s3.asking import Asking
from fonoteca.locations.s3.border import Missing, Unmet, meant, theirs
from fonoteca.locations.s3.connections import Body
from fonoteca.locations.s3.stat import etag_of, object_stat, of_reply

TOGETHER = 1000
"""So many objects one request removes, or lists, at most."""

LARGEST_COPY = 5 << 30
"""What the server copies in one request (CopyObject); more goes in pieces."""

_PIECE = 1 << 30


@dataclass(slots=True)
class Upload:
    """An object that comes in parts; until it is completed it has no name."""

    key: Key
    id: str
    parts: dict[int, dict[str, str]]
    """By number what the server knows each by: its ETag, and its SHA-256 where that was told."""

    @property
    def listed(self) -> dict[str, Any]:
        """As the server wants them."""
        return {"Parts": [{"PartNumber": number, **self.parts[number]} for number in sorted(self.parts)]}


def md5_of(body: Body) -> bytes:
    """What the server compares the bytes with that it got."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in body:
        digest.update(piece)
    return digest.digest()


def _in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


class Store(Asking):
    """See the module. Usable from several threads."""

    # looking

    def head(self, key: Key, *, digest: bool = False) -> Stat | None:
        """What stands there; with `digest` also the server's own SHA-256, which it tells only when asked."""
        more: dict[str, Any] = {"ChecksumMode": "ENABLED"} if digest else {}
        try:
            return of_reply(self.call("head_object", key, Key=self.name(key), **more))
        except Missing:
            return None

    def get(self, key: Key, start: int = 0) -> dict[str, Any]:
        """The reply, its body unread. Raises Missing."""
        more: dict[str, Any] = {"Range": f"bytes={start}-"} if start else {}
        return self.call("get_object", key, Key=self.name(key), **more)

    def read_small(self, key: Key, limit: int = 1 << 20) -> bytes | None:
        """All of a small object; None where there is none."""
        try:
            reply = self.get(key)
        except Missing:
            return None
        try:
            data: bytes = reply["Body"].read(limit)
        except theirs() as error:
            raise self.said(error, "get_object", key) from error
        finally:
            reply["Body"].close()
        return data

    def list(self, prefix: bytes) -> Iterator[tuple[Key, Stat]]:
        """Objects below, as the server orders them, a thousand a request."""
        root = f"{self.address.prefix}/" if self.address.prefix else ""
        more: dict[str, Any] = {}
        while True:
            reply = self.call(
                "list_objects_v2", Prefix=root + prefix.decode("utf-8", "replace"), MaxKeys=TOGETHER, **more
            )
            for found in reply.get("Contents", ()):
                key = Key(found["Key"].removeprefix(root).encode("utf-8", "surrogateescape"))
                if key and not key.endswith(b"/"):  # a folder, as consoles make them, is no object of ours
                    yield key, object_stat(int(found["Size"]), str(found["ETag"]))
            if not reply.get("IsTruncated"):
                return
            more = {"ContinuationToken": reply["NextContinuationToken"]}

    # writing

    def put(self, key: Key, data: bytes, *, once: bool = False, over: Stamp | None = None) -> Stat:
        """`put_pieces`, of bytes in one piece."""
        return self.put_pieces(key, [data], once=once, over=over)

    def put_pieces(self, key: Key, body: Body, *, once: bool = False, over: Stamp | None = None) -> Stat:
        """One object at once, checked by the server (Content-MD5). `once`: where none stands; `over`: in its place.

        Raises Unmet. Without conditions over there the server is asked before.
        """
        more = self._condition(key, once=once, over=over)
        size = sum(len(piece) for piece in body)
        digest = md5_of(body)
        try:
            reply = self.call(
                "put_object",
                key,
                needed=size,
                Key=self.name(key),
                **self._checked(body, digest),
                **self.terms(key),
                **more,
            )
        except Unmet:
            found = self.head(key) if once or over is not None else None
            if found is None or found != object_stat(size, f'"{digest.hex()}"') or found.stamp == over:
                raise
            return found  # it was done, and only the reply was lost
        return object_stat(size, self._etag(reply))

    def _checked(self, body: Body, md5: bytes) -> dict[str, Any]:
        """Bytes that are sent, and what the server is to hold them to."""
        given = {"Body": body, "ContentMD5": _in_base64(md5), "Unsigned": self.holds_to_md5}
        if self.digests:
            sha256 = hashlib.sha256()
            for piece in body:
                sha256.update(piece)
            given["ChecksumSHA256"] = _in_base64(sha256.digest())
        return given

    def _condition(self, key: Key, *, once: bool, over: Stamp | None) -> dict[str, Any]:
        if not once and over is None:
            return {}
        if self.conditions:
            return {"IfNoneMatch": "*"} if once else {"IfMatch": etag_of(over or Stamp(""))}
        standing = self.head(key)
        if (once and standing is not None) or (not once and (standing is None or standing.stamp != over)):
            raise Unmet("asked before")
        return {}

    def begin(self, key: Key) -> Upload:
        """Begin an object in parts."""
        more: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if self.digests else {}
        reply = self.call("create_multipart_upload", key, Key=self.name(key), **self.terms(key), **more)
        return Upload(key, str(reply["UploadId"]), {})

    def send(self, upload: Upload, number: int, body: Body) -> None:
        """One part, checked by the server."""
        checked = self._checked(body, md5_of(body))
        try:
            reply = self.call(
                "upload_part",
                upload.key,
                needed=sum(len(piece) for piece in body),
                Key=self.name(upload.key),
                UploadId=upload.id,
                PartNumber=number,
                **checked,
            )
        except Missing as error:
            raise Conflict(self.place, upload.key, "lost its upload: somebody ended it over there") from error
        upload.parts[number] = {"ETag": self._etag(reply)}
        if "ChecksumSHA256" in checked:
            upload.parts[number]["ChecksumSHA256"] = checked["ChecksumSHA256"]

    def _etag(self, reply: dict[str, Any]) -> str:
        """Whoever keeps an object says which. Raises Broken."""
        if not reply.get("ETag"):
            raise Broken(
                self.place, f"what answers at {self.address.server} is no S3: it names nothing that it keeps"
            )
        return str(reply["ETag"])

    def complete(self, upload: Upload, size: int, *, once: bool = False) -> Stat:
        """Give it its name. Raises Unmet. `size`: what it has to have in all."""
        more = self._condition(upload.key, once=once, over=None)
        made = self._put_together(upload, size, more)
        terms = self.terms(upload.key)
        if "ObjectLockMode" in terms:  # Ceph 16 forgets what was asked when the upload began
            lock = {"Mode": terms["ObjectLockMode"], "RetainUntilDate": terms["ObjectLockRetainUntilDate"]}
            self.call("put_object_retention", upload.key, Key=self.name(upload.key), Retention=lock)
        return made

    def _put_together(self, upload: Upload, size: int, more: dict[str, Any]) -> Stat:
        """What stands then is asked for: Ceph 16 names no ETag in its answer, and rclone another than it keeps."""
        gone: Missing | None = None
        try:
            self.call(
                "complete_multipart_upload",
                upload.key,
                needed=size,
                Key=self.name(upload.key),
                UploadId=upload.id,
                MultipartUpload=upload.listed,
                **more,
            )
        except Missing as error:  # either it was done and the reply was lost, or it is gone
            gone = error
        found = self.head(upload.key)
        if found is not None and found.size == size:
            return found
        if gone is not None:
            raise Conflict(self.place, upload.key, "lost its upload: somebody ended it over there") from gone
        raise Broken(self.place, "the server said that it put an upload together, and did not")

    def abort(self, upload: Upload) -> None:
        """Forget it. Never raises: what stays is swept."""
        try:
            self.call("abort_multipart_upload", upload.key, Key=self.name(upload.key), UploadId=upload.id)
        except (LocationError, Missing, Unmet):
            return

    # changing

    def copy(self, key: Key, target: Key, stat: Stat) -> Stat:
        """A copy made over there, of just the object that `stat` is. Raises Missing, Unmet, Incapable."""
        source = {"Bucket": self.address.bucket, "Key": self.name(key)}
        expected = {"CopySource": source, "CopySourceIfMatch": etag_of(stat.stamp)}
        if stat.size > LARGEST_COPY:
            return self._copy_pieces(target, stat.size, expected)
        reply = self.call(
            "copy_object", target, needed=stat.size, Key=self.name(target), **expected, **self.terms(target)
        )
        return object_stat(stat.size, str(reply["CopyObjectResult"]["ETag"]))

    def _copy_pieces(self, target: Key, size: int, expected: dict[str, Any]) -> Stat:
        upload = self.begin(target)
        try:
            for number, start in enumerate(range(0, size, _PIECE), 1):
                end = min(start + _PIECE, size) - 1
                reply = self.call(
                    "upload_part_copy",
                    target,
                    needed=size,
                    Key=self.name(target),
                    UploadId=upload.id,
                    PartNumber=number,
                    CopySourceRange=f"bytes={start}-{end}",
                    **expected,
                )
                made = reply["CopyPartResult"]
                known = {name: str(made[name]) for name in ("ETag", "ChecksumSHA256") if name in made}
                upload.parts[number] = known
            return self.complete(upload, size)
        except BaseException:
            self.abort(upload)
            raise

    def delete(self, keys: Iterable[Key]) -> dict[Key, LocationError]:
        """Have none of them. What could not be removed, and why."""
        failed: dict[Key, LocationError] = {}
        names = {self.name(key): key for key in keys}
        every = list(names)
        for start in range(0, len(every), TOGETHER):
            reply = self.call("delete_objects", Names=every[start : start + TOGETHER])
            for said in reply.get("Errors", ()):
                key = names.get(said.get("Key", ""))
                if key is not None and said.get("Code") not in ("NoSuchKey", "NoSuchVersion"):
                    failed[key] = self._not_deleted(key, said)
        return failed

    def _not_deleted(self, key: Key, said: dict[str, Any]) -> LocationError:
        from botocore.exceptions import ClientError

        response: Any = {"Error": said}
        error = meant(self.place, self.address, ClientError(response, "DeleteObjects"), "DeleteObject", key)
        return error if isinstance(error, LocationError) else Conflict(self.place, key, "cannot be removed")

    def uploads(self) -> Iterator[tuple[Upload, datetime]]:
        """What was begun below and neither completed nor ended, and when."""
        root = f"{self.address.prefix}/" if self.address.prefix else ""
        more: dict[str, Any] = {}
        while True:
            reply = self.call("list_multipart_uploads", Prefix=root, **more)
            for found in reply.get("Uploads", ()):
                key = Key(found["Key"].removeprefix(root).encode("utf-8", "surrogateescape"))
                yield Upload(key, str(found["UploadId"]), {}), found["Initiated"]
            if not reply.get("IsTruncated"):
                return
            more = {"KeyMarker": reply["NextKeyMarker"], "UploadIdMarker": reply["NextUploadIdMarker"]}
