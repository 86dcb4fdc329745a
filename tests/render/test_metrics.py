"""Figures that a monitoring can read, whatever the names are."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from fonoteca.core.copy import Level
from fonoteca.core.judgement import Overall, judge
from fonoteca.core.status import ArchiveStatus, LibraryStatus, LocationStatus, Presence
from fonoteca.render.metrics import Cycle, metrics

NOW = 1_700_000_000_500_000_000
ODD = 'Björk "B"\\ and\nmore \udcff'
MUSIC = LibraryStatus(ODD, "/m", True, entries=10, bytes=1234, copies=((1, 3), (2, 7)), last_scan_ns=NOW)
RED = LocationStatus(
    "red",
    "/r",
    Presence.PRESENT,
    copies=9,
    missing=1,
    level=Level.MEDIA,
    oldest_verified_ns=NOW,
    free_bytes=5,
)
STATUS = ArchiveStatus(NOW, 2, (MUSIC,), (RED, replace(RED, name="blue", presence=Presence.AWAY, copies=0)))


def read(status: ArchiveStatus = STATUS) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every figure by its name and labels, as the collector reads it."""
    text = metrics(status, judge(status), Cycle(NOW, True))
    families = list(text_string_to_metric_families(text))
    names = [each.name for each in families]
    assert len(names) == len(set(names))
    assert all(each.documentation and each.type == "gauge" for each in families)
    samples = [sample for each in families for sample in each.samples]
    found = {(each.name, frozenset(each.labels.items())): each.value for each in samples}
    assert len(found) == len(samples), "a figure stands twice"
    return found


def figure(name: str, **labels: str) -> float | None:
    """One of them; None where nobody knows it."""
    return read().get((f"fonoteca_{name}", frozenset(labels.items())))


def test_figures_are_what_status_says() -> None:
    """They come from one look, and agree."""
    assert 9 == figure("location_copies", location="red")
    assert 1 == figure("location_missing", location="red")
    assert (1, 0) == (figure("location_present", location="red"), figure("location_present", location="blue"))
    assert 1 == figure("state", state=judge(STATUS).overall.value)
    assert 1_700_000_000.5 == figure("time_seconds")
    assert 5 == figure("location_level", location="red")
    assert int(judge(STATUS).exit_code) == figure("exit_code")


def test_names_survive_the_format() -> None:
    """Quotes, backslashes and line breaks in a name end neither the line nor the file."""
    assert 10 == figure("library_entries", library=ODD.replace("\udcff", "?"))
    assert 3 == figure("library_below_policy", library=ODD.replace("\udcff", "?"))


def test_what_nobody_knows_has_no_line() -> None:
    """A nought would be a lie."""
    assert figure("location_free_bytes", location="red") == 5
    assert figure("location_level", location="blue") is None
    assert figure("location_last_verified_time_seconds", location="red") is None


def test_every_state_has_a_figure() -> None:
    """An alarm on `state="lost"` works on the day on which it is written."""
    assert {each.value for each in Overall} == {
        dict(labels)["state"] for name, labels in read() if name == "fonoteca_state"
    }


def test_an_empty_archive_has_figures_too() -> None:
    """A file without a line would be taken for a program that died."""
    assert ("fonoteca_state", frozenset({("state", "unprotected")})) in read(ArchiveStatus(NOW, 0))
