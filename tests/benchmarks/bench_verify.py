"""`verify` of one location of 3 GB, cold, beside `cat` and `xxhsum` of the same bytes.

python tests/benchmarks/bench_verify.py --scale 0.1
"""

from __future__ import annotations

import shutil
from pathlib import Path

import corpus
from measure import Contender, arguments, chosen, cold, rounds, run, scratch, table
from ours import Fonoteca


def main() -> None:
    """Print one table."""
    given = arguments(__doc__).parse_args()
    count = max(1, round(375 * given.scale))
    with scratch(given.scratch) as folder:
        source = folder / "music"
        size = corpus.albums(source, count)
        archive = Fonoteca(folder / "fonoteca", source)
        place = source
        if given.only is None or "fonoteca" in given.only.split(","):
            archive.clear()
            archive.protect()
            place = archive.places[0]
        results = rounds(chosen(_everyone(archive, place), given.only), given.rounds, lambda: cold(folder))
    title = f"`verify` of one location, {count} files, {size / 1e9:.2f} GB, cold"
    print(table(title, results, "cat", "at most 1.15 × `cat` of the same bytes"))


def _everyone(archive: Fonoteca, place: Path) -> list[Contender]:
    contenders = [
        Contender("fonoteca", lambda: _verify(archive)),
        Contender("cat", lambda: _each(place, "cat")),
    ]
    if shutil.which("xxhsum"):
        contenders.append(Contender("xxhsum", lambda: _each(place, "xxhsum -H2")))
    return contenders


def _verify(archive: Fonoteca) -> None:
    archive.run("verify", archive.places[0], "--quiet")


def _each(place: Path, command: str) -> None:
    script = f'find "$1" -name .fonoteca -prune -o -type f -print0 | sort -z | xargs -0 {command} >/dev/null'
    run("sh", "-c", script, "sh", place)


if __name__ == "__main__":
    main()
