"""A library to a real S3 (Ceph RadosGW) with reading back, beside `rclone copy` and `rclone check --download` to it.

python tests/benchmarks/bench_s3.py --rounds 3             # 400 files of 8 MB
python tests/benchmarks/bench_s3.py --small --rounds 3     # 5,000 files of 20 KB
python tests/benchmarks/bench_s3.py --scale 0.1 --memory
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import corpus
from measure import Contender, arguments, chosen, cold, rounds, run, scratch, table
from ours import Fonoteca

from support.rgw import S3Server, let_go, shared_rgw


class _Folder:
    """Where the server's logs go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def getbasetemp(self) -> Path:
        """As pytest's factory has it."""
        return self.folder


def main() -> None:
    """Print one table."""
    parser = arguments(__doc__)
    parser.add_argument("--small", action="store_true", help="5,000 files of 20 KB instead of 400 of 8 MB")
    parser.add_argument(
        "--memory", action="store_true", help="how much memory fonoteca takes, in a round of its own"
    )
    given = parser.parse_args()
    count = max(1, round((5000 if given.small else 400) * given.scale))
    with scratch(given.scratch) as folder:
        own: Any = _Folder(folder)
        server = shared_rgw(own)
        source = folder / "music"
        size = corpus.companions(source, count, 20_000) if given.small else corpus.albums(source, count)
        ours = _Ours(folder / "fonoteca", source, server)
        everyone = [Contender("fonoteca", ours.protect, ours.renew)]
        if shutil.which("rclone"):
            everyone.append(_Rclone(source, server).contender())
        results = rounds(chosen(everyone, given.only), given.rounds, lambda: cold(folder))
        if given.memory:
            ours.renew()
            print(f"memory: {ours.peak('protect', source, '--to', ours.url, '--quiet')}", file=sys.stderr)
        let_go(own)
    wanted = "0.8" if given.small else "1.0"
    title = f"{count} files, {size / 1e9:.2f} GB, to a RadosGW on loopback and read back, cold"
    print(table(title, results, "rclone", f"at most {wanted} × `rclone copy` and `rclone check --download`"))


class _Ours(Fonoteca):
    """fonoteca with one bucket."""

    def __init__(self, home: Path, library: Path, server: S3Server) -> None:
        super().__init__(home, library)
        self.places = (home / "unused", home / "unused too")
        self._server = server
        self._bucket = ""
        self.renew()

    def renew(self) -> None:
        """Another bucket, and the last one's objects gone: the server's disk is in memory."""
        self.clear()
        _empty(self._server, self._bucket)
        self._bucket = self._server.bucket()
        self.url = self._server.place(self.home, self._bucket)

    def protect(self) -> None:
        """The main job."""
        self.run("protect", self.library, "--to", self.url, "--quiet")


class _Rclone:
    """rclone with one bucket."""

    def __init__(self, source: Path, server: S3Server) -> None:
        self._source = source
        self._server = server
        self._bucket = server.bucket()

    def contender(self) -> Contender:
        """Copy, then compare by downloading."""
        return Contender("rclone", self.work, self.renew)

    def renew(self) -> None:
        """An empty bucket."""
        _empty(self._server, self._bucket)
        self._bucket = self._server.bucket()

    def work(self) -> None:
        """Both commands."""
        server = self._server
        target = (
            f":s3,provider=Ceph,access_key_id={server.key},secret_access_key={server.secret},"
            f"endpoint='{server.url}':{self._bucket}"
        )
        run("rclone", "--config", "/dev/null", "copy", self._source, target)
        run("rclone", "--config", "/dev/null", "check", "--download", self._source, target)


def _empty(server: S3Server, bucket: str) -> None:
    client = server.client()
    while bucket and (found := client.list_objects_v2(Bucket=bucket).get("Contents")):
        client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": each["Key"]} for each in found]})
    if bucket:
        server.admin("gc", "process", "--include-all")


if __name__ == "__main__":
    main()
