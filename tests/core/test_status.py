"""One word for an archive: the worst of its parts."""

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.judgement import Overall, judge
from fonoteca.core.report import ExitCode
from fonoteca.core.status import ArchiveStatus, HoldStatus, LibraryStatus, LocationStatus, Presence

DAY = 86_400 * 10**9
MUSIC = LibraryStatus("music", "/home/ana/Music", True, entries=10, copies=((2, 10),))
HOLD = HoldStatus("removed-7k2m", "music", "removed", 0, 6, 10)
RED = LocationStatus(
    "red", "/media/red", Presence.PRESENT, copies=10, level=Level.MEDIA, oldest_verified_ns=0
)


def archive(library=MUSIC, location=RED, **more):
    """An archive of one library and one location, both well unless told otherwise."""
    given = {"time_ns": DAY, "wanted_copies": 2, "libraries": (library,), "locations": (location,)}
    return ArchiveStatus(**(given | more))


def changed(part, **fields):
    """A copy of a value with other fields."""
    from dataclasses import replace

    return replace(part, **fields)


def test_an_archive_whose_parts_are_well_is_safe():
    """Nothing to say is the best news."""
    judgement = judge(archive())

    assert (judgement.overall, judgement.exit_code, judgement.reasons) == (Overall.SAFE, ExitCode.DONE, ())


@pytest.mark.parametrize(
    ("given", "word", "code"),
    [
        (archive(libraries=()), Overall.UNPROTECTED, ExitCode.POLICY),
        (archive(locations=()), Overall.UNPROTECTED, ExitCode.POLICY),
        (archive(location=changed(RED, copies=0)), Overall.UNPROTECTED, ExitCode.POLICY),
        (archive(changed(MUSIC, copies=((1, 3), (2, 7)))), Overall.INCOMPLETE, ExitCode.POLICY),
        (archive(location=changed(RED, missing=1)), Overall.INCOMPLETE, ExitCode.POLICY),
        (archive(changed(MUSIC, unreadable=1)), Overall.INCOMPLETE, ExitCode.INCOMPLETE),
        (archive(changed(MUSIC, damaged_inside=2, mendable=1)), Overall.DAMAGED, ExitCode.REPAIRABLE),
        (archive(changed(MUSIC, damaged_inside=2)), Overall.SAFE, ExitCode.DONE),
        (archive(changed(MUSIC, scan_complete=False)), Overall.INCOMPLETE, ExitCode.INCOMPLETE),
        (archive(changed(MUSIC, held=1)), Overall.HELD, ExitCode.HELD),
        (archive(holds=(HOLD,)), Overall.HELD, ExitCode.HELD),
        (archive(changed(MUSIC, held=2, spoilt=1), holds=(HOLD,)), Overall.DAMAGED, ExitCode.REPAIRABLE),
        (archive(changed(MUSIC, held=1, spoilt=1)), Overall.DAMAGED, ExitCode.REPAIRABLE),
        (archive(changed(MUSIC, held=2, spoilt=2, hopeless=1)), Overall.LOST, ExitCode.LOST),
        (archive(changed(MUSIC, held=1, unstable=1)), Overall.INCOMPLETE, ExitCode.INCOMPLETE),
        (archive(changed(MUSIC, present=False)), Overall.AWAY, ExitCode.AWAY),
        (archive(location=changed(RED, presence=Presence.AWAY)), Overall.AWAY, ExitCode.AWAY),
        (archive(location=changed(RED, presence=Presence.REFUSES)), Overall.INCOMPLETE, ExitCode.INCOMPLETE),
        (archive(location=changed(RED, damaged=1)), Overall.DAMAGED, ExitCode.REPAIRABLE),
        (archive(location=changed(RED, damaged=2, lost=1)), Overall.LOST, ExitCode.LOST),
        (archive(verify_every_ns=DAY // 2), Overall.OVERDUE, ExitCode.POLICY),
        (
            archive(location=changed(RED, never_verified=1), verify_every_ns=DAY),
            Overall.OVERDUE,
            ExitCode.POLICY,
        ),
    ],
)
def test_each_lack_has_its_word_and_code(given, word, code):
    """A script reads the code, a person the word; both say the same."""
    judgement = judge(given)

    assert (judgement.overall, judgement.exit_code) == (word, code)


def test_the_worst_part_speaks_for_all():
    """Damage is not hidden behind a drive that is merely away."""
    away = LocationStatus("blue", "/media/blue", Presence.AWAY)

    judgement = judge(archive(changed(MUSIC, held=2), locations=(away, changed(RED, damaged=1))))

    assert judgement.overall == Overall.DAMAGED
    assert judgement.reasons[0].word == Overall.DAMAGED
    assert {reason.word for reason in judgement.reasons} == {Overall.DAMAGED, Overall.HELD, Overall.AWAY}


@pytest.mark.parametrize(
    ("apart", "command"), [(0, "fonoteca backup red"), (1, "fonoteca repair red --apply")]
)
def test_the_command_that_is_named_puts_it_right(apart, command):
    """A backup copies the present again; earlier versions come back from other copies."""
    judgement = judge(archive(location=changed(RED, damaged=2, damaged_apart=apart)))

    assert [command] == [reason.remedy for reason in judgement.reasons]


def test_a_removable_location_that_is_away_is_a_line_not_a_code():
    """A drive in a drawer is how it should be."""
    judgement = judge(archive(location=changed(RED, presence=Presence.AWAY, excused=True)))

    assert (judgement.overall, judgement.exit_code) == (Overall.SAFE, ExitCode.DONE)
    assert [reason.sentence for reason in judgement.reasons] == ["red is away."]


def test_what_a_drive_in_its_drawer_lacks_is_a_line_too():
    """It gets the newest songs when it is back; what the policy asks for counts without it."""
    drawer = changed(RED, presence=Presence.AWAY, excused=True, missing=3)

    judgement = judge(archive(location=drawer))

    assert judgement.overall == Overall.SAFE
    assert judgement.reasons[1].sentence == "3 entries are not yet copied to red."


def test_too_few_copies_at_complete_locations_need_another_drive():
    """Where every location holds everything, another backup changes nothing."""
    short = changed(MUSIC, copies=((1, 10),))

    (alone,) = judge(archive(short)).reasons
    (lacking, _) = judge(archive(short, changed(RED, missing=2))).reasons

    assert alone.remedy.startswith("fonoteca location add")
    assert lacking.remedy == "fonoteca backup"


def test_an_empty_archive_needs_no_copies_but_a_library():
    """A library with nothing in it is not reported as short of copies."""
    empty = LibraryStatus("music", "/home/ana/Music", True)

    assert judge(archive(empty)).overall == Overall.SAFE


def test_what_came_damaged_is_said_though_it_is_kept_well():
    """A poor copy beats none, and nobody may believe that it is a good one."""
    judgement = judge(archive(changed(MUSIC, damaged_inside=3, mendable=1)))

    assert [
        "1 track is damaged inside in music, and an earlier content without a fault is kept.",
        "2 tracks are damaged inside in music: kept as found, no better content is known.",
    ] == [reason.sentence for reason in judgement.reasons]
