"""What is said to be typed next."""

import shlex

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.event import Found, RunEnded, RunStarted, Summary, WouldRepair
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.render.advice import next_commands
from fonoteca.render.tally import SHOWN, Tally


def copy_at(name):
    """A bad copy there."""
    return Finding(FindingKind.DAMAGED, "expected 1f…, found 9c…", "music", name, b"a.mp3", True)


def version_at(name):
    """A bad earlier version there."""
    return copy_at(name).of_version(b".fonoteca/versions/1f")


def advised(*findings, task="verify"):
    """The commands after a run that saw these."""
    tally = Tally()
    for event in (RunStarted(task, "1", 0), *map(Found, findings), RunEnded(task, 4, 1.0, Summary())):
        tally.take(event)
    return [line.partition("    #")[0] for line in next_commands(tally)]


def test_bad_copies_are_sent_again():
    """That is what a backup does."""
    assert ["fonoteca backup red"] == advised(copy_at("red"))


@pytest.mark.parametrize(
    "findings",
    [
        [version_at("red")],
        [version_at("red"), copy_at("red")],
        [copy_at("red"), *[copy_at("red")] * SHOWN, version_at("red")],
    ],
)
def test_where_an_earlier_version_is_bad_repair_is_named(findings):
    """No backup sends it again, and repair mends the copies as well."""
    assert ["fonoteca repair red --apply"] == advised(*findings)


def test_each_location_with_damage_is_named_however_much_another_has():
    """The first of many findings are kept; a second location's only one comes after them."""
    many = [copy_at("red")] * (SHOWN + 5)

    assert ["fonoteca backup red", "fonoteca backup blue"] == advised(*many, copy_at("blue"))


def test_a_bare_place_has_nothing_to_copy_from():
    """It is named by its path."""
    assert [] == advised(copy_at("/mnt/disk"))


def test_repair_does_not_send_to_itself():
    """It just did what could be done."""
    assert [] == advised(version_at("red"), task="repair")


def test_a_plan_is_carried_out_by_the_words_that_were_typed():
    """They can be pasted as they stand."""
    tally = Tally(words=("repair", "Ana's drive"))
    for event in (
        RunStarted("repair", "1", 0),
        WouldRepair("music", b"a.mp3", "red", "copy", 5, "damaged", "blue", Level.BYTES, None),
        RunEnded("repair", 4, 1.0, Summary()),
    ):
        tally.take(event)

    (advice,) = next_commands(tally)

    assert ["fonoteca", "repair", "Ana's drive", "--apply"] == shlex.split(advice, comments=True)
