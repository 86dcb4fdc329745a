"""No progress, and nothing to load for it."""

from __future__ import annotations

from fonoteca.core.event import Event


class Silent:
    """What shows nothing: `--quiet`, or a face that has its own. The shape of `live.Live`."""

    def take(self, event: Event) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
