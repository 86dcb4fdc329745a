"""Two verified local copies of 100,000 files of 4 KB, from cold caches: companions, then tagged MP3s.

python tests/benchmarks/bench_small.py --scale 0.1
python tests/benchmarks/bench_small.py --corpus companions --only fonoteca,rsync
"""

from __future__ import annotations

import argparse

import corpus
from measure import arguments, chosen, cold, rounds, scratch, table
from ours import Fonoteca
from peers import peers

TARGETS = {
    "companions": "at most 1.2 × the rsync pair",
    "mp3s": "at most 1.2 × the rsync pair and 0.4 ms a file",
}


def main() -> None:
    """Print one table a corpus."""
    parser = arguments(__doc__)
    parser.add_argument("--corpus", choices=TARGETS, action="append", help="only this one (default: both)")
    parser.set_defaults(only="fonoteca,rsync")
    given = parser.parse_args()
    for kind in given.corpus or TARGETS:
        print(measured(kind, given))


def measured(kind: str, given: argparse.Namespace) -> str:
    """The table of one corpus."""
    count = max(corpus.PER_FOLDER, round(100_000 * given.scale))
    with scratch(given.scratch) as folder:
        source = folder / "music"
        corpus.KINDS[kind](source, count)
        everyone = [Fonoteca(folder / "fonoteca", source).protecting(), *peers(folder / "peers", source)]
        results = rounds(chosen(everyone, given.only), given.rounds, lambda: cold(folder))
    return table(f"Two verified copies of {count:,} {kind} of 4 KB, cold", results, "rsync", TARGETS[kind])


if __name__ == "__main__":
    main()
