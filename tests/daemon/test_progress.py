"""How far it has come and how long it will take: what the slowest location has before it."""

from __future__ import annotations

from fonoteca.core.copy import Level
from fonoteca.core.event import Advanced, Copied, Phase, Planned, Verified
from fonoteca.daemon.progress import Progress


class Watch:
    """A stop watch that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.progress = Progress(clock=lambda: self.now)

    def account(self, *names: str) -> tuple[object, ...]:
        """What is said of these."""
        found = self.progress.account()
        return tuple(found[name] for name in names)


def copied(location: str, size: int) -> Copied:
    """One copy stands."""
    return Copied(location, "music", b"a", size, Level.MEDIA, "sent")


def test_a_phase_with_totals_says_what_is_left() -> None:
    """At its own pace until now."""
    one = Watch()
    one.progress.take(Phase("verify", files=100, bytes=1000, location="red"))
    one.now = 10.0
    one.progress.take(Verified(b"a", 250, Level.MEDIA, location="red"))

    assert ("verify", "red", 1, 100, 250, 1000, 30) == one.account(
        "phase", "place", "files_done", "files", "bytes_done", "bytes", "left_s"
    )


def test_of_several_locations_the_slowest_is_said() -> None:
    """The others wait for nobody, but a person waits for all."""
    one = Watch()
    one.progress.take(Planned("red", 4, 400))
    one.progress.take(Planned("blue", 4, 400))
    one.progress.take(Phase("copy"))
    one.now = 10.0
    for _ in range(3):
        one.progress.take(copied("red", 100))
    one.progress.take(copied("blue", 100))

    assert ("blue", 1, 4, 100, 400, 30) == one.account(
        "place", "files_done", "files", "bytes_done", "bytes", "left_s"
    )


def test_a_plan_that_comes_after_its_phase_counts() -> None:
    """A second library has its plan while the first is being copied."""
    one = Watch()
    one.progress.take(Phase("copy"))
    one.progress.take(Planned("red", 2, 200))

    assert (0, 2, 200, None) == one.account("files_done", "files", "bytes", "left_s")


def test_a_new_phase_begins_at_nought() -> None:
    """What was scanned is not what is copied."""
    one = Watch()
    one.progress.take(Phase("scan"))
    one.progress.take(Advanced(500, 0))
    assert (500, None, None) == one.account("files_done", "files", "left_s")

    one.progress.take(Phase("plan"))
    assert (0, "plan") == one.account("files_done", "phase")


def test_a_moment_says_nothing_of_the_pace() -> None:
    """`3 days left` after a tenth of a second helps nobody."""
    one = Watch()
    one.progress.take(Phase("scrub", files=1000))
    one.now = 0.1
    one.progress.take(Verified(b"a", 1, Level.MEDIA))

    assert (None,) == one.account("left_s")


def test_before_anything_happened_there_is_nothing_to_say() -> None:
    """And it can be asked."""
    assert (None, None, 0) == Watch().account("phase", "place", "files_done")
