"""A real Ceph RadosGW of our own on loopback: one monitor, one disk in memory, one gateway; up in some 12 seconds.

server = shared_rgw(tmp_path_factory)            # one for all workers of a test run
location = s3_location(server, server.bucket())

It runs below a keeper, a process that ends it as soon as none of those who use it is alive any more. Nothing of it is
written to a disk but logs.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from support.sshd import free_port
from support.tools import run_tool

_TESTS = Path(__file__).parents[1]
KEY, SECRET = "AKIATEST", "secretsecret"
DNS = "s3.example.test"
"""Under this name, which a proxy knows, each bucket has one of its own: BUCKET.s3.example.test."""
KMS = "ours"
"""The id of a key for encryption over there."""

_shared: dict[str, str] = {}
"""Buckets by server."""

_CONFIG = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon_port}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {folder}/keyring
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
osd pool default pg num = 8
osd pool default pgp num = 8
mon max pg per osd = 2000
osd crush chooseleaf type = 0
run dir = {folder}/run
log file = {folder}/$name.log
admin socket = {folder}/run/$name.$pid.asok
pid file =
ms bind ipv6 = false
mon data avail crit = 1
mon data avail warn = 2
[mon.a]
mon data = {folder}/mon
host = localhost
[osd.0]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 12884901888
osd memory target = 1073741824
host = localhost
[client.rgw]
keyring = {folder}/keyring
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable usage log = false
rgw run sync thread = false
rgw verify ssl = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw dns name = {dns}
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = {kms}={secret}
"""


@dataclass(frozen=True)
class S3Server:
    """A server that speaks S3, and the keys that it takes."""

    url: str
    key: str = KEY
    secret: str = SECRET
    config: str | None = None
    """Ceph's config, for its own tools."""

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    def through(self, port: int) -> S3Server:
        """The same, seen through a proxy."""
        return replace(self, url=f"http://127.0.0.1:{port}")

    def client(self, **more: Any) -> Any:
        """Plain boto3: what a stranger, or rot, would use."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            **more,
        )

    def bucket(self, **more: Any) -> str:
        """A new empty bucket."""
        name = f"test-{secrets.token_hex(6)}"
        self.client().create_bucket(Bucket=name, **more)
        return name

    def prefix(self) -> tuple[str, str]:
        """The bucket that all tests share (making one takes a second), and a new prefix in it."""
        if self.url not in _shared:
            _shared[self.url] = self.bucket()
        return _shared[self.url], f"ana's é {secrets.token_hex(6)}"

    def credentials(self, folder: Path) -> Path:
        """A file with the keys, as `aws configure` writes it."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "credentials"
        file.write_text(f"[default]\naws_access_key_id = {self.key}\naws_secret_access_key = {self.secret}\n")
        return file

    def place(self, folder: Path, bucket: str, prefix: str = "") -> str:
        """The bucket as a PLACE."""
        where = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        return f"{where}?endpoint={self.url}&region=us-east-1&credentials_file={self.credentials(folder)}"

    def admin(self, *words: str) -> str:
        """Ceph's own tool."""
        assert self.config is not None
        return run_tool("radosgw-admin", "-c", self.config, "-n", "client.rgw", *words)

    def on_disk(self, key: str) -> OnDisk:
        """What Ceph's disk holds for a key that no other bucket has: below the gateway, which notices nothing."""
        found = [name for name in self.rados("ls").split("\n") if name.endswith(f"_{key}")]
        assert len(found) == 1, found
        return OnDisk(self, found[0])

    def tail_on_disk(self, bucket: str, key: str) -> OnDisk:
        """The last of the pieces in which Ceph keeps an object of more than 4 MiB."""
        said = json.loads(self.admin("object", "stat", "--bucket", bucket, "--object", key))
        prefix = said["manifest"]["prefix"]
        return OnDisk(self, max(name for name in self.rados("ls").split("\n") if f"_shadow_{prefix}" in name))

    def rados(self, *words: str) -> str:
        """Ceph's own tool for the objects on its disk."""
        assert self.config is not None
        return run_tool("rados", "-c", self.config, "-p", "default.rgw.buckets.data", *words)

    def user(self, name: str) -> S3Server:
        """The same server with the keys of another, new user."""
        uid = f"{name}-{secrets.token_hex(4)}"
        key, secret = uid.upper(), secrets.token_hex(8)
        keys = ("--access-key", key, "--secret-key", secret)
        self.admin("user", "create", "--uid", uid, "--display-name", uid, *keys)
        return replace(self, key=key, secret=secret)


@dataclass(frozen=True)
class OnDisk:
    """One object on Ceph's disk."""

    server: S3Server
    name: str

    def flip_byte(self, scratch: Path, at: int) -> None:
        """Let it rot: the size, the times and the ETag stay what they were."""
        self.server.rados("get", self.name, str(scratch))
        data = bytearray(scratch.read_bytes())
        data[at] ^= 1
        scratch.write_bytes(data)
        self.server.rados("put", self.name, str(scratch))

    def lose(self) -> None:
        """It is gone, though the gateway still lists it."""
        self.server.rados("rm", self.name)


def shared_rgw(factory: pytest.TempPathFactory) -> S3Server:
    """The one that all workers of this run use; started by whoever comes first. Skips where Ceph is not installed."""
    for program in ("radosgw", "ceph-mon", "ceph-osd", "radosgw-admin", "rados"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    base = factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "radosgw"
    folder.mkdir(exist_ok=True)
    (folder / "users").mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        (folder / "users" / str(os.getpid())).touch()
        if not _is_up(folder):
            _start(folder)
        state = json.loads((folder / "up.json").read_text())
    return S3Server(state["url"], config=state["config"])


def let_go(factory: pytest.TempPathFactory) -> None:
    """Need it no more, and wait until it has ended, if nobody else does."""
    folder = factory.getbasetemp() / "radosgw"
    keeper = int(json.loads((folder / "up.json").read_text())["keeper"])
    (folder / "users" / str(os.getpid())).unlink(missing_ok=True)
    while not _is_used(folder) and _is_alive(keeper):
        time.sleep(0.05)


def _is_up(folder: Path) -> bool:
    try:
        return _is_alive(int(json.loads((folder / "up.json").read_text())["keeper"]))
    except (OSError, ValueError):
        return False


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _start(folder: Path) -> None:
    (folder / "up.json").unlink(missing_ok=True)
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": f"{_TESTS}:{_TESTS.parent / 'src'}"},
        )
    deadline = time.monotonic() + 120
    while not (folder / "up.json").exists():
        said = (folder / "keeper.log").read_text(errors="replace")[-2000:]
        assert keeper.poll() is None, f"RadosGW did not start: {said}"
        assert time.monotonic() < deadline, f"RadosGW does not answer: {said}"
        time.sleep(0.05)


# the keeper


def _keep(folder: Path) -> None:
    """Start it, and end it when nobody who uses it is alive."""
    home = folder / f"ceph-{os.getpid()}"
    for each in ("mon", "osd", "rgw", "run"):
        (home / each).mkdir(parents=True)
    processes: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        port = _ceph(home, processes)
        state = {"keeper": os.getpid(), "url": f"http://127.0.0.1:{port}", "config": str(home / "ceph.conf")}
        (folder / "up.new").write_text(json.dumps(state))
        (folder / "up.new").rename(folder / "up.json")
        while all(each.poll() is None for each in processes) and not _is_over(folder):
            time.sleep(0.5)
    finally:
        for each in reversed(processes):
            each.kill()  # not asked to end: its disk in memory would be written out first
            each.wait()
        shutil.rmtree(home, ignore_errors=True)


def _is_over(folder: Path) -> bool:
    """True when nobody uses it; from then on nobody finds it either."""
    if _is_used(folder):
        return False
    with FileLock(folder / "lock"):
        if _is_used(folder):
            return False
        (folder / "up.json").unlink(missing_ok=True)
        return True


def _is_used(folder: Path) -> bool:
    try:
        return any(_is_alive(int(each.name)) for each in (folder / "users").iterdir())
    except OSError:
        return False


def _ceph(home: Path, processes: list[subprocess.Popen[bytes]]) -> int:
    fsid, port, mon_port = str(uuid.uuid4()), free_port(), free_port()
    config = str(home / "ceph.conf")
    key = base64.b64encode(bytes(range(32))).decode()
    Path(config).write_text(
        _CONFIG.format(folder=home, fsid=fsid, port=port, mon_port=mon_port, dns=DNS, kms=KMS, secret=key)
    )
    keyring, everything = str(home / "keyring"), ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
    run_tool("ceph-authtool", "-C", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    for name in ("client.admin", "osd.0", "client.rgw"):
        run_tool("ceph-authtool", keyring, "--gen-key", "-n", name, *everything, "--cap", "mgr", "allow *")
    mon = f"[v2:127.0.0.1:{mon_port}]"
    run_tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", mon, str(home / "monmap"))
    mkfs = ("--monmap", str(home / "monmap"), "--keyring", keyring, "-c", config)
    run_tool("ceph-mon", "--mkfs", "-i", "a", *mkfs)
    processes.append(_daemon("ceph-mon", "-f", "-i", "a", "-c", config))
    osd = str(uuid.uuid4())
    run_tool("ceph", "-c", config, "--connect-timeout", "30", "osd", "new", osd)
    run_tool("ceph-osd", "-i", "0", "-c", config, "--mkfs", "--osd-uuid", osd)
    processes.append(_daemon("ceph-osd", "-f", "-i", "0", "-c", config))
    # The gateway makes its pools itself; the user waits for them, so both come up together.
    processes.append(_daemon("radosgw", "-f", "-c", config, "-n", "client.rgw"))
    user = ("user", "create", "--uid", "test", "--display-name", "test")
    run_tool(
        "radosgw-admin", "-c", config, "-n", "client.rgw", *user, "--access-key", KEY, "--secret-key", SECRET
    )
    server = S3Server(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + 60
    while not _answers(server):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return port


def _answers(server: S3Server) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        server.bucket()
    except (BotoCoreError, ClientError):
        return False
    return True


def _daemon(*command: str) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None, use_errno=True)

    def die_with_keeper() -> None:
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    return subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_keeper)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
