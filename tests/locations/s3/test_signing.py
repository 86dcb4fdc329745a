"""A signature of ours is the one that botocore would make."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fonoteca.locations.s3.signing import NOTHING, Signer, encoded

MOMENT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)

names = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
headers = st.dictionaries(
    st.sampled_from(["content-md5", "range", "if-none-match", "x-amz-storage-class"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
)
queries = st.dictionaries(st.sampled_from(["partNumber", "uploadId"]), st.text("aZ09~-_./+= ", max_size=20))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=names, more=headers, query=queries, token=st.none() | st.just("tok/en="), day=st.integers(1, 28))
def test_a_signature_is_the_one_that_botocore_makes(
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    more: dict[str, str],
    query: dict[str, str],
    token: str | None,
    day: int,
):
    """A server knows one right answer."""
    now = MOMENT.replace(day=day)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: now.replace(tzinfo=None))
    monkeypatch.setattr("fonoteca.locations.s3.signing.moment", lambda: now)
    credentials = Credentials("AKIA", "se/cret", token)
    path = "/bucket/" + quote(key, safe="/~")
    asked = AWSRequest("GET", f"https://s3.example.org:8080{path}", headers=more, params=query)
    S3SigV4Auth(credentials, "s3", "eu-west-3").add_auth(asked)

    signer = Signer(credentials, "eu-west-3")
    signed = signer.sign("GET", path, query, {"host": "s3.example.org:8080", **more}, NOTHING)

    assert signed["authorization"] == asked.headers["Authorization"]
    assert signed == signer.sign("GET", path, query, {"host": "s3.example.org:8080", **more}, NOTHING)


def test_a_query_is_told_in_order_and_encoded():
    """As it was signed."""
    assert encoded({"uploadId": "a/b c", "partNumber": "1"}) == "partNumber=1&uploadId=a%2Fb%20c"
