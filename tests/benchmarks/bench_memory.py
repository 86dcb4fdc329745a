"""The most memory that each command takes, main process and workers together, at 100,000 files.

python tests/benchmarks/bench_memory.py --scale 0.1
python tests/benchmarks/bench_memory.py --scale 10        a million files
"""

from __future__ import annotations

import corpus
from measure import arguments, machine, scratch
from memory import Peak
from ours import Fonoteca

LIMIT = 150
"""MB, of RSS summed over all processes."""


def main() -> None:
    """Print one table: protect (from nothing), backup (nothing changed), verify, status."""
    parser = arguments(__doc__)
    parser.add_argument("--corpus", choices=("companions", "mp3s"), default="mp3s")
    given = parser.parse_args()
    count = max(corpus.PER_FOLDER, round(100_000 * given.scale))
    with scratch(given.scratch) as folder:
        source = folder / "music"
        corpus.KINDS[given.corpus](source, count)
        archive = Fonoteca(folder / "fonoteca", source)
        archive.clear()
        peaks = _peaks(archive)
    print(_table(f"Memory at {count:,} {given.corpus}", peaks))


def _peaks(archive: Fonoteca) -> dict[str, Peak]:
    first, second = archive.places
    return {
        "protect": archive.peak("protect", archive.library, "--to", first, "--to", second, "--quiet"),
        "backup": archive.peak("backup", "--quiet"),
        "verify": archive.peak("verify", first, "--quiet"),
        "status": archive.peak("status", "--quiet"),
    }


def _table(title: str, peaks: dict[str, Peak]) -> str:
    lines = [
        f"### {title}",
        "",
        machine(),
        "",
        "| command | peak RSS, summed | peak PSS, summed |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {name} | {peak.rss / 1e6:.0f} MB | {peak.pss / 1e6:.0f} MB |" for name, peak in peaks.items()
    ]
    return "\n".join([*lines, "", f"To be reached: at most {LIMIT} MB.", ""])


if __name__ == "__main__":
    main()
