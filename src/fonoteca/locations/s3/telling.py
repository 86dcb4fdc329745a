"""What is asked and told in XML: a page of a listing, and the removal of many (S3 API reference, ListObjectsV2 and
DeleteObjects). Replies are as boto3 gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape


def list_query(params: Mapping[str, Any]) -> dict[str, str]:
    """How a page of a listing is asked for: `Prefix`, `MaxKeys`, `ContinuationToken`."""
    query = {"list-type": "2", "encoding-type": "url", "prefix": str(params["Prefix"])}
    query["max-keys"] = str(params["MaxKeys"])
    if "ContinuationToken" in params:
        query["continuation-token"] = str(params["ContinuationToken"])
    return query


def listed(data: bytes) -> dict[str, Any]:
    """A page. Raises ResponseParserError, of botocore."""
    root = _parsed(data, "ListBucketResult")
    is_encoded = _text(root, "EncodingType") == "url"
    objects = []
    for each in _all(root, "Contents"):
        key = _text(each, "Key")
        told = unquote_plus(key, errors="surrogateescape") if is_encoded else key
        objects.append({"Key": told, "Size": _number(each, "Size"), "ETag": _text(each, "ETag")})
    page: dict[str, Any] = {"Contents": objects, "IsTruncated": _text(root, "IsTruncated") == "true"}
    if page["IsTruncated"]:
        page["NextContinuationToken"] = _text(root, "NextContinuationToken")
    return page


def removal(names: list[str]) -> bytes:
    """The body that asks for the removal of objects; only what fails is told."""
    objects = "".join(f"<Object><Key>{escape(name)}</Key></Object>" for name in names)
    begin = '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    return f"{begin}{objects}<Quiet>true</Quiet></Delete>".encode()


def removed(data: bytes) -> dict[str, Any]:
    """What could not be removed. Raises ResponseParserError, of botocore."""
    root = _parsed(data, "DeleteResult")
    errors = [
        {name: _text(each, name) for name in ("Key", "Code", "Message")} for each in _all(root, "Error")
    ]
    return {"Errors": errors}


def _parsed(data: bytes, expected: str) -> ElementTree.Element:
    from botocore.parsers import ResponseParserError

    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ResponseParserError(f"no XML: {error}") from error
    if root.tag.rpartition("}")[2] != expected:
        raise ResponseParserError(f"{root.tag} instead of {expected}")
    return root


def _all(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Children of that name, whatever namespace the server writes."""
    return [each for each in element if each.tag.rpartition("}")[2] == name]


def _text(element: ElementTree.Element, name: str) -> str:
    return next((each.text or "" for each in element if each.tag.rpartition("}")[2] == name), "")


def _number(element: ElementTree.Element, name: str) -> int:
    from botocore.parsers import ResponseParserError

    text = _text(element, name)
    if not text.isdigit():
        raise ResponseParserError(f"{name} is no number")
    return int(text)
