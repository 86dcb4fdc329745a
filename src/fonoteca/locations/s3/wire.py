"""The four requests that every file costs (put, part, get, head), spoken without boto3's machinery: botocore signs them
and sends them, and what lies between costs several times as much as both (4 ms of processor a request, against 0.9).

They take the parameters of the boto3 methods of the same names, and answer and raise as those do.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from fonoteca.locations.s3.address import Address

TRIES = 5
"""A request that may be repeated is sent so often, with pauses."""

_LONGEST_PAUSE_S = 8.0
_METHODS = {"put_object": "PUT", "upload_part": "PUT", "get_object": "GET", "head_object": "HEAD"}
_HEADERS = {
    "ContentMD5": "Content-MD5",
    "ChecksumSHA256": "x-amz-checksum-sha256",
    "ChecksumMode": "x-amz-checksum-mode",
    "IfNoneMatch": "If-None-Match",
    "IfMatch": "If-Match",
    "Range": "Range",
    "StorageClass": "x-amz-storage-class",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
}
_QUERY = {"UploadId": "uploadId", "PartNumber": "partNumber"}
_BUSY = frozenset({429, 500, 502, 503, 504})


class Wire:
    """See the module. Made from a boto3 client, whose word counts for where a bucket is. For several threads."""

    def __init__(
        self, client: Any, credentials: Any, address: Address, limits_s: tuple[float, float], pool: int
    ) -> None:
        from botocore.auth import S3SigV4Auth
        from botocore.httpsession import URLLib3Session
        from botocore.utils import get_environ_proxies

        self._base = _base(client, address)
        self._signer = S3SigV4Auth(credentials, "s3", client.meta.region_name)
        self._session = URLLib3Session(
            verify=address.ca_file or True,
            proxies=get_environ_proxies(self._base),
            timeout=limits_s,
            max_pool_connections=pool,
            # A head and its body are two packets: without this the second waits for the server's late ACK, 40 ms.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    @staticmethod
    def speaks(operation: str) -> bool:
        """True for one of the four."""
        return operation in _METHODS

    def ask(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The reply, as boto3 gives it. Raises what boto3 raises."""
        from botocore import exceptions as boto

        for tried in range(1, TRIES):
            try:
                response = self._sent(operation, params)
            except (boto.ConnectionClosedError, boto.ReadTimeoutError, boto.ResponseStreamingError):
                if tried > 1:  # first it may only have been closed while it was idle
                    _pause(tried)
                continue
            if response.status_code not in _BUSY:
                return self._reply(operation, response)
            response.raw.drain_conn()
            _pause(tried)
        return self._reply(operation, self._sent(operation, params))

    def _sent(self, operation: str, params: Mapping[str, Any]) -> Any:
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(
            method=_METHODS[operation],
            url=self._base + quote(params["Key"], safe="/~"),
            headers={_HEADERS[name]: _text(value) for name, value in params.items() if name in _HEADERS},
            data=params.get("Body", b""),
            params={_QUERY[name]: str(value) for name, value in params.items() if name in _QUERY},
            stream_output=True,
        )
        self._signer.add_auth(request)
        return self._session.send(request.prepare())

    def _reply(self, operation: str, response: Any) -> dict[str, Any]:
        from botocore.response import StreamingBody

        headers = {name.lower(): value for name, value in response.headers.items()}
        about = {"HTTPStatusCode": response.status_code, "HTTPHeaders": headers}
        if response.status_code >= 300:
            raise _refused(operation, response, about)
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
            reply["Body"] = StreamingBody(response.raw, headers.get("content-length"))
        else:
            response.raw.drain_conn()
        return reply


def _base(client: Any, address: Address) -> str:
    """Where the bucket's objects are: as a link to one would say it, without its name."""
    link = client.generate_presigned_url("get_object", Params={"Bucket": address.bucket, "Key": "x"})
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('x')}"


def _text(value: object) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)


def _pause(tried: int) -> None:
    time.sleep(min(0.25 * 2**tried, _LONGEST_PAUSE_S) * (0.5 + random.random()))


def _refused(operation: str, response: Any, about: dict[str, Any]) -> Exception:
    from botocore.exceptions import ClientError

    error = {"Code": str(response.status_code)}
    try:
        body = b"" if operation == "head_object" else response.raw.read(1 << 16)
        for each in ElementTree.fromstring(body) if body else ():
            error[each.tag.rpartition("}")[2]] = each.text or ""
    except ElementTree.ParseError:
        pass  # the status alone speaks
    finally:
        response.raw.drain_conn()  # what is not read to its end spoils the connection for the next request
        response.raw.release_conn()
    said: Any = {"Error": error, "ResponseMetadata": about}
    found: Exception = ClientError(said, operation)
    return found
