"""A library to a drive, with a server beside it that takes no more bytes: until the drive has all, summed up.

python tests/benchmarks/bench_stalled.py --rounds 3
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import corpus
from measure import Contender, arguments, chosen, cold, discard, rounds, scratch, table
from ours import Fonoteca, command

from support.proxy import Proxy, proxy
from support.sshd import Sshd, sshd


def main() -> None:
    """Print one table."""
    given = arguments(__doc__).parse_args()
    count = max(1, round(100 * given.scale))
    with scratch(given.scratch) as folder, sshd(folder / "sshd") as server, proxy(server.port) as between:
        server.vouch(between.port)
        music = folder / "made"
        size = corpus.albums(music, count)
        ours = _Beside(folder / "fonoteca", music, count, server, between)
        everyone = [
            Contender("the drive alone", ours.work, lambda: ours.begin(stalled=False)),
            Contender("beside a stalled server", ours.work, lambda: ours.begin(stalled=True)),
        ]
        results = rounds(chosen(everyone, given.only), given.rounds, lambda: cold(folder))
        ours.end()
    title = f"{count} files, {size / 1e9:.2f} GB, to a drive, cold, until it is summed up"
    print(table(title, results, "the drive alone", "at most 1.05 × the drive alone"))


class _Beside(Fonoteca):
    """One archive with a drive, or with a drive and a server that is about to stall."""

    def __init__(self, home: Path, music: Path, count: int, server: Sshd, between: Proxy) -> None:
        super().__init__(home, home / "music")
        self._music = music
        self._count = count
        self._between = between
        self._url = server.url(home / "volume", port=between.port)
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, *, stalled: bool) -> None:
        """Everything set up with one small file; then the music comes, and the server stalls."""
        self.end()
        discard(self.home)
        self.library.mkdir(parents=True)
        (self.library / "cover.jpg").write_bytes(b"x")
        self.places[0].mkdir()
        more = ("--to", self._url) if stalled else ()
        self.run("protect", self.library, "--to", self.places[0], *more, "--quiet")
        self._music.rename(self.library / "albums")
        if stalled:
            self._between.stall()

    def work(self) -> None:
        """Back up until the drive's sums name every file."""
        self._process = subprocess.Popen(
            [*command(), "backup", "--quiet"], env=self.env, stdin=subprocess.DEVNULL
        )
        while (self.places[0] / "SHA256SUMS").read_bytes().count(b"\n") <= self._count:
            if self._process.poll() is not None:
                sys.exit(f"backup ended with {self._process.returncode} before the drive had all")
            time.sleep(0.01)

    def end(self) -> None:
        """End what still waits for the server, and take the music back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._between.resume()
        with suppress(FileNotFoundError):
            (self.library / "albums").rename(self._music)


if __name__ == "__main__":
    main()
