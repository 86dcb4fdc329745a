"""A client of the server: credentials by the usual chain (environment, profile, instance role) or from a file.

A file that the config names comes before the environment. Nothing here is ever shown or logged.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from fonoteca.errors import Denied
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.wire import TRIES, Wire, spoken

CONNECT_S, READ_S = 10.0, 60.0
"""Seconds: no call waits longer for a connection, or for the next bytes."""


KEPT_S = 60.0
"""A client is used again for so long: making one costs half a second of processor, and a run makes several."""

_kept: dict[tuple[Address, float, int], tuple[float, Any, Wire]] = {}


def client(place: str, address: Address, *, limit_s: float = READ_S, streams: int = 16) -> tuple[Any, Wire]:
    """One that was made lately, or a new one: see `_new`."""
    asked = (address, limit_s, streams)
    kept = _kept.get(asked)
    if kept is not None and time.monotonic() - kept[0] < KEPT_S:
        return kept[1:]
    made, wire = _new(place, address, limit_s, streams)
    _kept[asked] = (time.monotonic(), made, wire)
    return made, wire


def forget(address: Address) -> None:
    """Its credentials are not taken any more: the next client reads them anew."""
    for asked in [each for each in _kept if each[0] == address]:
        _kept.pop(asked, None)


def _new(place: str, address: Address, limit_s: float, streams: int) -> tuple[Any, Wire]:
    """A boto3 client, and what speaks for it where it matters. Raises Denied where boto3, a profile or the credentials
    are missing.
    """
    botocore = _botocore(place)
    session = botocore.session.Session(profile=address.profile)
    if address.credentials_file is not None:
        session.set_config_variable("credentials_file", address.credentials_file)
    given: dict[str, str | None] = {}
    try:
        credentials = _from_file(place, address, botocore) if address.credentials_file else None
        if credentials is not None:
            given = {
                "aws_access_key_id": credentials.access_key,
                "aws_secret_access_key": credentials.secret_key,
                "aws_session_token": credentials.token,
            }
        else:
            credentials = session.get_credentials()
        if credentials is None:
            raise _none(place)
        made = (
            session.create_client(  # as boto3 does, whose own layers take another tenth of a second to load
                "s3",
                endpoint_url=address.endpoint,
                region_name=address.region or session.get_config_variable("region") or "us-east-1",
                verify=address.ca_file,
                config=_config(address, botocore, limit_s, streams),
                **given,
            )
        )
        wire = spoken(made, credentials, address, (min(CONNECT_S, limit_s), limit_s), streams + 8)
    except (botocore.exceptions.BotoCoreError, ValueError, OSError) as error:
        raise Denied(place, f"its login cannot be read ({error})", _WHERE) from error
    return made, wire


def _config(address: Address, botocore: Any, limit_s: float, streams: int) -> Any:
    return botocore.config.Config(
        # Newer checksums only where a probe shows that they are checked: other servers refuse or ignore them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": TRIES, "mode": "standard"},
        connect_timeout=min(CONNECT_S, limit_s),
        read_timeout=limit_s,
        s3={"addressing_style": address.addressing},
        max_pool_connections=streams + 8,
        user_agent_extra="fonoteca",
    )


def _from_file(place: str, address: Address, botocore: Any) -> Any:
    provider = botocore.credentials.SharedCredentialProvider(
        address.credentials_file, profile_name=address.profile or "default"
    )
    found = provider.load()
    if found is None:
        profile = address.profile or "default"
        raise Denied(place, f"{address.credentials_file} holds no credentials for [{profile}]", _WHERE)
    return found


_WHERE = (
    "Give credentials in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), in ~/.aws/credentials with "
    "`profile`, or in a file that `credentials_file` names."
)


def _none(place: str) -> Denied:
    return Denied(place, "no credentials were found", _WHERE)


def _botocore(place: str) -> Any:
    try:
        import botocore.config
        import botocore.credentials
        import botocore.exceptions
        import botocore.session
    except ImportError as error:
        raise Denied(
            place, "S3 needs boto3, which is not installed", "Run `pip install 'fonoteca[s3]'`."
        ) from error
    for name in ("botocore", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # its debug lines hold signatures
    return botocore
