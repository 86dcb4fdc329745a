"""Where a bucket is and what is asked of it: what a config or a URL says, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_KEY = 1024
"""Bytes of UTF-8, prefix included (S3 user guide, "Naming objects")."""


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket, or a prefix in one. Files are local paths. Secrets are never here, only where they stand."""

    bucket: str
    prefix: str = ""
    """Without `/` at either end."""
    endpoint: str | None = None
    """None: Amazon's own."""
    region: str | None = None
    profile: str | None = None
    credentials_file: str | None = None
    addressing: str = "auto"
    storage_class: str | None = None
    encryption: str | None = None
    """`AES256`, `aws:kms`, or `aws:kms:` and the key's id."""
    ca_file: str | None = None
    retain_s: int | None = None
    streams: int | None = None

    @property
    def server(self) -> str:
        """Whose it is, for comparisons: `s3.example.org`, `127.0.0.1:7480`, `amazonaws.com`."""
        return urlsplit(self.endpoint).netloc.lower() if self.endpoint else "amazonaws.com"

    @property
    def shown(self) -> str:
        """For sentences: `s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}" if self.prefix else f"s3://{self.bucket}"

    @property
    def room(self) -> int:
        """How many bytes of a key are left for what is below the prefix."""
        return LONGEST_KEY - (len(self.prefix.encode()) + 1 if self.prefix else 0)

    def encrypted(self) -> dict[str, str]:
        """What a request that writes says of encryption at the server."""
        if self.encryption is None:
            return {}
        kind, _, key = self.encryption.partition("aws:kms:")
        if key:
            return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        return {"ServerSideEncryption": kind or self.encryption}
