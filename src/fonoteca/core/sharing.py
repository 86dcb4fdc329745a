"""Which libraries and locations lie on one file system, in words: what dies together is not two copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def shared(libraries: Mapping[str, str], locations: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each location beside its library, and for locations beside each other.

    Both map a name to the identity of its file system (`uuid:6f1c…`).

    >>> list(shared({"music": "uuid:1"}, {"red": "uuid:2", "blue": "uuid:2"}))
    ['red and blue lie on one file system: together they count as one copy.']
    """
    for name, where in locations.items():
        beside = [library for library, own in libraries.items() if own == where]
        if beside:
            yield (
                f"{name} lies on the same file system as {_list(beside)}: it helps against mistakes, "
                f"not when that disk dies, and does not count as a copy apart."
            )
    for where in dict.fromkeys(locations.values()):
        together = [name for name, other in locations.items() if other == where]
        if len(together) > 1:
            yield f"{_list(together)} lie on one file system: together they count as one copy."


def _list(names: list[str]) -> str:
    """`red`, `red and blue`, `red, blue and nas`."""
    head, last = names[:-1], names[-1]
    return f"{', '.join(head)} and {last}" if head else last
