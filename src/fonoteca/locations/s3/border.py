"""What a server's refusal means: S3 error codes, botocore's own errors, and those of the network, as ours.

Codes are those of the S3 API reference ("Error responses"), and what Ceph and others say in their place.
"""

from __future__ import annotations

from typing import Any

from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Lost, Refused
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.answer import Foreign, Spoilt


class Unmet(Exception):
    """A condition of the request did not hold: the name is taken, or the object is not the expected one."""


class Missing(Exception):
    """There is no such object, or no such upload any more."""


class Incapable(Exception):
    """The server copies nothing like this: Ceph 16 says so of what it encrypts."""


def theirs() -> tuple[type[Exception], ...]:
    """What botocore and the network raise."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    return BotoCoreError, ClientError, ResponseParserError, HTTPError, Spoilt, OSError


_CONDITIONS = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict"})
_MISSING = frozenset({"NoSuchKey", "404", "NoSuchUpload", "NoSuchVersion"})
_TRANSIENT = frozenset(
    {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling", "ThrottlingException"}
    | {"RequestLimitExceeded", "OperationAborted", "BandwidthLimitExceeded", "RequestThrottled"}
    | {"429", "500", "502", "503", "504", "408"}
)
_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"} | {"RequestExpired"}
)
_KEYS = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "UnrecognizedClientException"}
)
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301", "307"}
)
_UNKNOWN = frozenset({"NotImplemented", "501"})
"""The server cannot do that at all: asking again does not help."""
_QUOTA = frozenset({"QuotaExceeded", "StorageLimitExceeded", "InsufficientStorage", "507"})
_NAMES = frozenset(
    {"KeyTooLongError", "InvalidObjectName", "InvalidURI", "InvalidArgument", "XMinioInvalidObjectName"}
)
_VERBS = {
    "ListObjectsV2": ("list what is there", "s3:ListBucket"),
    "ListMultipartUploads": ("list unfinished uploads", "s3:ListBucketMultipartUploads"),
    "GetObject": ("read", "s3:GetObject"),
    "HeadObject": ("look at what is there", "s3:GetObject and s3:ListBucket"),
    "DeleteObjects": ("remove", "s3:DeleteObject"),
    "DeleteObject": ("remove", "s3:DeleteObject"),
    "AbortMultipartUpload": ("end an upload", "s3:AbortMultipartUpload"),
    "GetObjectLockConfiguration": ("ask for object lock", "s3:GetBucketObjectLockConfiguration"),
}


def meant(
    place: str, address: Address, error: Exception, operation: str, key: bytes | None = None, needed: int = 0
) -> Exception:
    """The error that says what `error`, of botocore, means. Unmet and Missing never leave `locations/s3`."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return _refusal(place, address, error, operation, key, needed)
    return _network(place, address, error)


def _refusal(
    place: str, address: Address, error: Any, operation: str, key: bytes | None, needed: int
) -> Exception:
    code, status = _code(error), _status(error)
    if code in _CONDITIONS or status == 412:
        return Unmet(code)
    if code == "NoSuchBucket":
        return Away(
            place,
            f"there is no bucket {address.bucket} at {address.server}",
            "Make it there, or correct `bucket`, and run this again.",
        )
    if code in _MISSING:
        return Missing(code)
    if code in _UNKNOWN and operation in ("CopyObject", "UploadPartCopy"):
        return Incapable(code)
    if address.encryption is not None and "kms" in _message(error).lower():
        return Denied(
            place,
            f"{address.server} cannot encrypt with the key that `encryption` names ({code})",
            "Correct `encryption`, or give these credentials the use of that key.",
        )
    about_us = _login(place, address, error, code)
    if about_us is not None:
        return about_us
    if code in _QUOTA or status == 507:
        return Full(place, needed, None)
    if code in _TRANSIENT or (status >= 500 and code not in _UNKNOWN):
        return Lost(place, f"{address.server} is busy or failing just now ({code})")
    return _about_object(place, error, operation, key, address)


def _login(place: str, address: Address, error: Any, code: str) -> LocationError | None:
    """What is wrong with who we are or where we ask, rather than with what we ask for."""
    if code == "RequestTimeTooSkewed":
        return Denied(
            place,
            "this machine's clock and the server's differ too much",
            "Set the clock (`timedatectl set-ntp true`), and run this again.",
        )
    if code in _EXPIRED:
        return Denied(
            place,
            "the credentials have expired",
            "Renew them where they came from, and run this again: what was finished stands.",
        )
    if code in _KEYS:
        return Denied(
            place,
            f"{address.server} does not take these credentials ({code})",
            "Look whether access key and secret belong together and to this server.",
        )
    if code in _ELSEWHERE:
        region = _region(error)
        named = f'region = "{region}"' if region else "its `region`"
        return Denied(
            place,
            f"the bucket {address.bucket} lies in another region than was asked",
            f"Write {named} into the config, or &region=… into the URL.",
        )
    return None


def _about_object(
    place: str, error: Any, operation: str, key: bytes | None, address: Address
) -> LocationError:
    code, status = _code(error), _status(error)
    if code in ("AccessDenied", "AllAccessDisabled", "AccountProblem", "403", "401"):
        what, permission = _VERBS.get(operation, ("write", "s3:PutObject"))
        return Denied(
            place,
            f"these credentials may not {what} in {address.shown}",
            f"Give them the permission {permission} there.",
        )
    if code in ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"):
        return Broken(place, f"bytes changed on their way there, and the server refused them ({code})")
    if code == "EntityTooLarge" and key is not None:
        return Refused(place, key, "it is larger than this server takes")
    if code == "InvalidObjectState" and key is not None:
        return Refused(
            place, key, "it lies in an archive class and has to be brought back there before it can be read"
        )
    wanted = address.storage_class
    if code == "InvalidStorageClass" or (code == "InvalidArgument" and wanted not in (None, "STANDARD")):
        return Denied(
            place,
            f"{address.server} takes nothing into the storage class {wanted} ({code})",
            "Correct `storage_class`, or leave it out.",
        )
    if code in _NAMES and key is not None:
        return Conflict(place, key, f"has a name that this server does not take ({code})")
    return Broken(place, f"{address.server} refused {operation} ({code}, status {status})")


def _network(place: str, address: Address, error: Exception) -> Exception:
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    if isinstance(error, boto.SSLError) and _speaks_no_tls(error):
        return Denied(
            place,
            f"what answers at {address.server} does not speak TLS",
            "Write http:// instead of https:// into `endpoint`, if the way to it is safe without.",
        )
    if isinstance(error, boto.SSLError):
        return Denied(
            place,
            f"the certificate of {address.server} cannot be verified",
            "For a private authority write ca_file = FILE into the config, or &ca_file=FILE into the URL.",
        )
    if isinstance(
        error, boto.NoCredentialsError | boto.CredentialRetrievalError | boto.PartialCredentialsError
    ):
        return Denied(place, f"the credentials cannot be had ({type(error).__name__})")
    if isinstance(error, Foreign):
        return Denied(
            place, f"what answers at {address.server} is no S3: it speaks no HTTP", "Correct `endpoint`."
        )
    if isinstance(error, boto.ParamValidationError | ResponseParserError):
        return Broken(place, f"what answers at {address.server} is no S3 ({type(error).__name__})")
    if isinstance(error, boto.ProxyConnectionError):
        return Lost(place, f"the proxy on the way to {address.server} does not answer")
    if isinstance(error, boto.EndpointConnectionError | boto.ConnectTimeoutError):
        return Lost(place, f"{address.server} does not answer")
    if isinstance(error, boto.ReadTimeoutError | TimeoutError):
        return Lost(place, f"{address.server} did not answer in time")
    if isinstance(error, boto.BotoCoreError) and not isinstance(error, boto.HTTPClientError):
        if isinstance(error, boto.IncompleteReadError | boto.ResponseStreamingError):
            return Lost(place, f"{address.server} broke off in the middle of an answer")
        return Broken(place, f"{address.server}: {type(error).__name__}")
    return Lost(place, f"the connection to {address.server} broke off")


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _message(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _region(error: Any) -> str | None:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    found = headers.get("x-amz-bucket-region") or error.response.get("Error", {}).get("Region")
    return str(found) if found else None


def _speaks_no_tls(error: Exception) -> bool:
    return "WRONG_VERSION_NUMBER" in str(error) or "HTTP_REQUEST" in str(error)
