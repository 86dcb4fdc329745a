"""S3 locations for tests, and `rclone serve s3`: a poor S3 that says yes to conditions and checksums it does not keep.

with rclone_s3(tmp_path) as server:
    location = s3_location(server, server.bucket())
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fonoteca.core.naming import rule_for
from fonoteca.core.place import Traits
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.location import S3Location
from support.rgw import KEY, SECRET, S3Server
from support.sshd import free_port

_probed: dict[str, Traits] = {}


def s3_address(server: S3Server, bucket: str, prefix: str = "", **more: Any) -> Address:
    """A bucket there; its credentials lie in a file."""
    file = server.credentials(Path(tempfile.gettempdir()) / f"fonoteca-s3-{os.getpid()}-{server.key}")
    return Address(
        bucket,
        prefix,
        endpoint=server.url,
        region="us-east-1",
        credentials_file=str(file),
        **{"addressing": "path", **more},
    )


def s3_location(
    server: S3Server, bucket: str, prefix: str = "", name: str = "cloud", *, limit_s: float = 20, **more: Any
) -> S3Location:
    """A bucket, adopted. A server is probed once a session, since that takes a second."""
    address = s3_address(server, bucket, prefix, **more)
    bare = S3Location(name, address, None, limit_s=limit_s)
    traits = _probed.get(server.url) if not more else None
    if traits is None:
        traits = _probed[server.url] = bare.probe()
    traits = replace(traits, key_limit=address.room)
    identity = bare.new_identity(rule_for(traits).name)
    bare.adopt(identity, traits)
    return S3Location(name, address, identity, limit_s=limit_s)


def rclone() -> str:
    """The program, new enough to serve S3. Skips the test without it."""
    found = shutil.which("rclone")
    if found is None:
        pytest.skip("rclone is not installed")
    helped = subprocess.run([found, "serve", "s3", "--help"], capture_output=True, check=False)
    if b"--auth-key" not in helped.stdout:
        pytest.skip("this rclone is too old to serve S3")
    return found


@contextmanager
def rclone_s3(folder: Path) -> Iterator[S3Server]:
    """rclone that serves the folder; each folder in it is a bucket."""
    program = rclone()
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    own = ("--config", os.devnull, "--vfs-cache-mode", "off", "--cache-dir", f"{folder}-cache")
    served = ("--auth-key", f"{KEY},{SECRET}", "--addr", f"127.0.0.1:{port}", str(folder))
    process = subprocess.Popen(
        [program, "serve", "s3", *served, *own],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not _listens(port):
            assert process.poll() is None, "rclone ended"
            assert time.monotonic() < deadline, "rclone does not answer"
            time.sleep(0.02)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
