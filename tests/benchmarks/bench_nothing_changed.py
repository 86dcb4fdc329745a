"""A backup of 100,000 files to two locations when nothing has changed, with warm caches.

python tests/benchmarks/bench_nothing_changed.py --scale 0.1
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import corpus
from measure import Contender, arguments, chosen, rounds, scratch, table
from ours import Fonoteca
from peers import rsync_update


def main() -> None:
    """Print one table."""
    given = arguments(__doc__).parse_args()
    count = max(corpus.PER_FOLDER, round(100_000 * given.scale))
    with scratch(given.scratch) as folder:
        source = folder / "music"
        corpus.companions(source, count)
        results = rounds(chosen(_everyone(folder, source), given.only), given.rounds, lambda: None)
    title = f"Nothing changed: {count:,} files, two locations, warm"
    print(table(title, results, "rsync", "at most 0.6 × `rsync -a` twice"))


def _everyone(folder: Path, source: Path) -> list[Contender]:
    archive = Fonoteca(folder / "fonoteca", source)
    mirrors = folder / "rsync"
    mirrors.mkdir()

    def update() -> None:
        rsync_update(mirrors, source)

    return [
        _repeated("fonoteca", archive.protecting(), lambda: archive.run("backup", "--quiet")),
        _repeated("rsync", Contender("rsync", update), update),
    ]


def _repeated(name: str, first: Contender, again: Callable[[], object]) -> Contender:
    """`first` once; then `again` before each timed `again`, so that caches are warm and nothing is left."""
    is_set_up = False

    def set_up() -> None:
        nonlocal is_set_up
        if not is_set_up:
            first.clear()
            first.work()
            is_set_up = True
        again()

    def work() -> None:
        again()

    return Contender(name, work, set_up)


if __name__ == "__main__":
    main()
