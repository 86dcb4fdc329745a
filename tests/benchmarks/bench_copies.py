"""Two verified local copies of 400 files of 8 MB, from cold caches, beside today's tools.

python tests/benchmarks/bench_copies.py --rounds 3
python tests/benchmarks/bench_copies.py --scale 0.1 --only fonoteca,rsync
"""

from __future__ import annotations

import corpus
from measure import arguments, chosen, cold, rounds, scratch, table
from ours import Fonoteca
from peers import peers


def main() -> None:
    """Print one table."""
    given = arguments(__doc__).parse_args()
    count = max(1, round(400 * given.scale))
    with scratch(given.scratch) as folder:
        source = folder / "music"
        size = corpus.albums(source, count)
        everyone = [Fonoteca(folder / "fonoteca", source).protecting(), *peers(folder / "peers", source)]
        results = rounds(chosen(everyone, given.only), given.rounds, lambda: cold(folder))
    title = f"Two verified copies of {count} files, {size / 1e9:.2f} GB, cold"
    print(
        table(
            title, results, "rsync", "at most 0.55 × the rsync pair (`rsync -a` and `rsync -c`, each twice)"
        )
    )


if __name__ == "__main__":
    main()
