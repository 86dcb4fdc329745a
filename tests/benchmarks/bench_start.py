"""How long a person waits for `fonoteca --version`, and for `status` at 100,000 files, warm.

python tests/benchmarks/bench_start.py --rounds 20 --scale 0.1
"""

from __future__ import annotations

import corpus
from measure import Contender, arguments, chosen, rounds, scratch, table
from ours import Fonoteca


def main() -> None:
    """Print one table."""
    parser = arguments(__doc__)
    parser.set_defaults(rounds=20)
    given = parser.parse_args()
    count = max(corpus.PER_FOLDER, round(100_000 * given.scale))
    with scratch(given.scratch) as folder:
        source = folder / "music"
        corpus.companions(source, count)
        archive = Fonoteca(folder / "fonoteca", source)
        archive.clear()
        archive.protect()
        everyone = [
            Contender("--version", lambda: _run(archive, "--version")),
            Contender("status", lambda: _run(archive, "status")),
        ]
        results = rounds(chosen(everyone, given.only), given.rounds, lambda: None)
    print(table(f"Start, {count:,} files, warm", results, None, "`--version` 0.25 s, `status` 0.6 s"))


def _run(archive: Fonoteca, word: str) -> None:
    archive.run(word)


if __name__ == "__main__":
    main()
