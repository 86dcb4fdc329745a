"""LocalStack on loopback: an S3 that checks and keeps SHA-256 digests, which no other server here does.

with localstack(tmp_path) as server:
    location = s3_location(server, server.bucket())

It lives in an environment of its own (`tests/run.sh` makes it from `localstack.txt`), since its pins are old ones.
FONOTECA_LOCALSTACK names that environment's python.
"""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.rgw import S3Server
from support.sshd import free_port

_SETTINGS = {
    "SERVICES": "s3",
    "EAGER_SERVICE_LOADING": "1",
    "GATEWAY_SERVER": "hypercorn",  # the usual one listens on every address
    "DNS_ADDRESS": "0",
    "DISABLE_EVENTS": "1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
}


def interpreter() -> str:
    """The python that has it. Skips the test without one."""
    found = os.environ.get("FONOTECA_LOCALSTACK", "")
    if not Path(found).is_file():
        pytest.skip("LocalStack is not installed: FONOTECA_LOCALSTACK names no python that has it")
    return found


@contextmanager
def localstack(folder: Path) -> Iterator[S3Server]:
    """It runs while the block does; up in some six seconds."""
    python = interpreter()
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    own = {"GATEWAY_LISTEN": f"127.0.0.1:{port}", "FILESYSTEM_ROOT": str(folder), "TMPDIR": str(folder)}
    left = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "localstack.runtime.main"],
            cwd=folder,
            env=left | _SETTINGS | own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 120
        while not _answers(port):
            said = (folder / "log").read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"LocalStack ended: {said}"
            assert time.monotonic() < deadline, f"LocalStack does not answer: {said}"
            time.sleep(0.1)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_localstack/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False
