"""The requests that are many (put, part, get, head, and pages of lists), spoken without boto3's machinery, which costs
several times as much as the server (4 ms of processor a request; urllib3 and botocore's signer alone 2 ms; this half of
one).

They take the parameters of the boto3 methods of the same names, and answer and raise as those do.
"""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit
from xml.etree import ElementTree

from fonoteca.core.digest import Block
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.answer import Answer, Foreign, Spoilt
from fonoteca.locations.s3.connections import Connections, Server
from fonoteca.locations.s3.signing import NOTHING, UNSIGNED, Signer, encoded
from fonoteca.locations.s3.telling import list_query, listed, removal, removed

TRIES = 5
"""A request that may be repeated is sent so often, with pauses."""

_LONGEST_PAUSE_S = 8.0
_METHODS = {"put_object": "PUT", "upload_part": "PUT", "get_object": "GET", "head_object": "HEAD"} | {
    "list_objects_v2": "GET",
    "delete_objects": "POST",
}
_HEADERS = {
    "ContentMD5": "content-md5",
    "ChecksumSHA256": "x-amz-checksum-sha256",
    "ChecksumMode": "x-amz-checksum-mode",
    "IfNoneMatch": "if-none-match",
    "IfMatch": "if-match",
    "Range": "range",
    "StorageClass": "x-amz-storage-class",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
}
_QUERY = {"UploadId": "uploadId", "PartNumber": "partNumber"}
_IN_XML = {"list_objects_v2": listed, "delete_objects": removed}
_LONGEST_PAGE = 16 << 20
_BUSY = frozenset({429, 500, 502, 503, 504})


class Wire:
    """See the module. Made from a boto3 client, whose word counts for where a bucket is. For several threads."""

    def __init__(self, base: SplitResult, signer: Signer, connections: Connections) -> None:
        self._base = base
        """Where the bucket's objects are, without their names."""
        self._signer = signer
        self._connections = connections

    def close(self) -> None:
        """Let go of the connections."""
        self._connections.close()

    @staticmethod
    def speaks(operation: str) -> bool:
        """True for one of them."""
        return operation in _METHODS

    def ask(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The reply, as boto3 gives it. Raises what boto3 raises.

        `Body`: bytes, or a sequence of them. `Unsigned`: the server holds a body to its Content-MD5, as a probe has
        shown, so that its SHA-256 need not be made on both sides; over TLS no server asks for it.
        """
        from botocore import exceptions as boto

        for tried in range(1, TRIES):
            try:
                answer = self._sent(operation, params)
                if answer.status not in _BUSY:
                    return self._reply(operation, answer)
                answer.drain()
            except Foreign:
                raise
            except (boto.ConnectionClosedError, boto.ReadTimeoutError, Spoilt, OSError):
                if tried > 1:  # first it may only have been closed while it was idle
                    _pause(tried)
                continue
            _pause(tried)
        return self._reply(operation, self._sent(operation, params))

    def _sent(self, operation: str, params: Mapping[str, Any]) -> Answer:
        path = self._base.path + quote(params.get("Key", ""), safe="/~")
        query = {_QUERY[name]: str(value) for name, value in params.items() if name in _QUERY}
        headers = {_HEADERS[name]: _text(value) for name, value in params.items() if name in _HEADERS}
        body = _pieces(params.get("Body", ()))
        if operation == "list_objects_v2":
            query = list_query(params)
        elif operation == "delete_objects":
            query, body = {"delete": ""}, [removal(params["Names"])]
            headers["content-md5"] = base64.b64encode(_md5(body[0])).decode()
        payload = NOTHING if not body else UNSIGNED if self._is_held(params) else _sha256(body)
        method = _METHODS[operation]
        signed = self._signer.sign(method, path, query, {"host": self._base.netloc, **headers}, payload)
        target = f"{path}?{encoded(query)}" if query else path
        return self._connections.ask(method, target, signed, body)

    def _is_held(self, params: Mapping[str, Any]) -> bool:
        """True when the body's MD5 is told, signed, and compared over there."""
        return "ContentMD5" in params and (self._base.scheme == "https" or bool(params.get("Unsigned")))

    def _reply(self, operation: str, answer: Answer) -> dict[str, Any]:
        headers = answer.headers
        if operation in _IN_XML and answer.status < 300:
            return _IN_XML[operation](answer.read(_LONGEST_PAGE))
        about = {"HTTPStatusCode": answer.status, "HTTPHeaders": headers}
        if answer.status >= 300:
            raise _refused(operation, answer, about)
        reply: dict[str, Any] = {"ResponseMetadata": about}
        if "etag" in headers:
            reply["ETag"] = headers["etag"]
        if "x-amz-checksum-sha256" in headers:
            reply["ChecksumSHA256"] = headers["x-amz-checksum-sha256"]
        if "last-modified" in headers:
            reply["LastModified"] = parsedate_to_datetime(headers["last-modified"])
        if operation in ("get_object", "head_object"):
            reply["ContentLength"] = int(headers.get("content-length", 0))
        if operation == "get_object":
            reply["Body"] = answer
        else:
            answer.drain()
        return reply


def spoken(client: Any, credentials: Any, address: Address, limits_s: tuple[float, float], pool: int) -> Wire:
    """What speaks for a boto3 client where it matters."""
    from botocore.httpsession import get_cert_path
    from botocore.utils import get_environ_proxies

    base = urlsplit(_base(client, address))
    proxies = get_environ_proxies(base.geturl())
    certificates = address.ca_file or get_cert_path(True)
    server = Server(base, proxies.get(base.scheme) or proxies.get("all"), certificates, limits_s)
    return Wire(base, Signer(credentials, client.meta.region_name), Connections(server, pool))


def _pieces(body: Any) -> Sequence[Block]:
    if isinstance(body, bytes | bytearray | memoryview):
        return [body] if len(body) else []
    pieces: Sequence[Block] = body
    return pieces


def _md5(data: Block) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha256(body: Sequence[Block]) -> str:
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    return digest.hexdigest()


def _base(client: Any, address: Address) -> str:
    """Where the bucket's objects are: as a link to one would say it, without its name."""
    link = client.generate_presigned_url("get_object", Params={"Bucket": address.bucket, "Key": "x"})
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('x')}"


def _text(value: object) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)


def _pause(tried: int) -> None:
    time.sleep(min(0.25 * 2**tried, _LONGEST_PAUSE_S) * (0.5 + random.random()))


def _refused(operation: str, answer: Answer, about: dict[str, Any]) -> Exception:
    from botocore.exceptions import ClientError

    error = {"Code": str(answer.status)}
    try:
        body = b"" if operation == "head_object" else answer.read(1 << 16)
        for each in ElementTree.fromstring(body) if body else ():
            error[each.tag.rpartition("}")[2]] = each.text or ""
    except ElementTree.ParseError:
        pass  # the status alone speaks
    finally:
        answer.drain()  # what is not read to its end spoils the connection for the next request
    said: Any = {"Error": error, "ResponseMetadata": about}
    found: Exception = ClientError(said, operation)
    return found
