"""A library to an SFTP server with reading back, beside `rclone copy` and `rclone check --download` to the same sshd.

python tests/benchmarks/bench_sftp.py --rounds 3             # 400 files of 8 MB
python tests/benchmarks/bench_sftp.py --small --rounds 3     # 5,000 files of 20 KB
python tests/benchmarks/bench_sftp.py --scale 0.1 --memory
"""

from __future__ import annotations

import getpass
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import corpus
from measure import Contender, arguments, chosen, cold, discard, rounds, run, scratch, table
from ours import Fonoteca

from support.sshd import Sshd, sshd


def main() -> None:
    """Print one table."""
    parser = arguments(__doc__)
    parser.add_argument("--small", action="store_true", help="5,000 files of 20 KB instead of 400 of 8 MB")
    parser.add_argument(
        "--memory", action="store_true", help="how much memory fonoteca takes, in a round of its own"
    )
    given = parser.parse_args()
    count = max(1, round((5000 if given.small else 400) * given.scale))
    with scratch(given.scratch) as folder, sshd(folder / "sshd") as server:
        source = folder / "music"
        size = corpus.companions(source, count, 20_000) if given.small else corpus.albums(source, count)
        ours = _Ours(folder / "fonoteca", source, server)
        everyone = [Contender("fonoteca", ours.protect, ours.clear)]
        if shutil.which("rclone"):
            everyone.append(_rclone(folder / "rclone", source, server))
        results = rounds(chosen(everyone, given.only), given.rounds, lambda: cold(folder))
        if given.memory:
            ours.clear()
            print(f"memory: {ours.peak('protect', source, '--to', ours.url, '--quiet')}", file=sys.stderr)
    wanted = "0.8" if given.small else "0.6"
    title = f"{count} files, {size / 1e9:.2f} GB, to an SFTP server on loopback and read back, cold"
    print(table(title, results, "rclone", f"at most {wanted} × `rclone copy` and `rclone check --download`"))


class _Ours(Fonoteca):
    """fonoteca with one server."""

    def __init__(self, home: Path, library: Path, server: Sshd) -> None:
        super().__init__(home, library)
        self.places = (home / "volume", home / "unused")
        self.url = server.url(self.places[0])

    def protect(self) -> None:
        """The main job."""
        self.run("protect", self.library, "--to", self.url, "--quiet")


def _rclone(home: Path, source: Path, server: Sshd) -> Contender:
    target = (
        f":sftp,host={server.address},port={server.port},user={getpass.getuser()},key_file={server.key},"
        f"known_hosts_file={server.known_hosts}:{home}/volume"
    )

    def work() -> None:
        run("rclone", "--config", "/dev/null", "copy", source, target)
        run("rclone", "--config", "/dev/null", "check", "--download", source, target)

    return Contender("rclone", work, lambda: discard(home))


if __name__ == "__main__":
    main()
