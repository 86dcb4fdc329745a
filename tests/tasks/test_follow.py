"""A backup that looks at chosen folders alone: what it may conclude, and what it must leave alone."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Copied, Moved, Scanned
from fonoteca.core.finding import FindingKind
from fonoteca.core.spots import Spot
from fonoteca.tasks.follow import follow
from support.archives import Home, Ran, ran, tree

HOUR_NS = 3600 * 1_000_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive of three folders, backed up; recorded an hour ago, so that its stats are believed."""
    made = Home(tmp_path)
    for album in ("Nina/Blues", "Nina/Wild", "Bill"):
        for number in range(3):
            made.write(f"{album}/{number}.jpg", f"{album} {number}".encode() * 50)
    made.now = lambda: time.time_ns() + HOUR_NS
    made.backup()
    return made


def followed(home: Home, *spots: Spot, rests: object = None) -> Ran:
    """What a look at these spots of the library leads to."""
    more = {} if rests is None else {"rests": lambda library: rests}
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        return ran(follow(archive, {"music": spots}, **more))  # type: ignore[arg-type]


def own(path: str) -> Spot:
    """A folder's own names."""
    return Spot(os.fsencode(path), whole=False)


def whole(path: str) -> Spot:
    """A folder with all below it."""
    return Spot(os.fsencode(path), whole=True)


def copied(result: Ran) -> set[bytes]:
    """Paths that were sent."""
    return {event.path for event in result.events if isinstance(event, Copied)}


def moved(result: Ran) -> set[bytes]:
    """Paths whose copies were renamed."""
    return {event.path for event in result.events if isinstance(event, Moved)}


def mirrored(home: Home) -> bool:
    """Whether the location holds exactly what the library holds."""
    return tree(home.base / "music") == tree(home.place() / "music")


def test_only_the_spot_is_looked_at(home: Home) -> None:
    """A new track costs a look at its folder, not a walk through the whole library."""
    home.write("Nina/Blues/new.jpg", b"new")
    home.write("Bill/unseen.jpg", b"unseen")

    result = followed(home, own("Nina/Blues"))

    assert {b"Nina/Blues/new.jpg"} == copied(result)
    assert [4] == [event.entries for event in result.events if isinstance(event, Scanned)]


def test_nothing_outside_the_spots_is_gone(home: Home) -> None:
    """What was not looked at may be on its way to somewhere: only its own folder's listing can say that it went."""
    (home.base / "music/Bill/0.jpg").unlink()
    (home.base / "music/Nina/Blues/0.jpg").unlink()

    result = followed(home, own("Nina/Blues"))

    assert [b"Nina/Blues/0.jpg"] == [each.path for each in result.found(FindingKind.GONE)]


def test_a_file_that_went_from_spot_to_spot_has_moved(home: Home) -> None:
    """A move within the library sends no byte."""
    os.rename(home.base / "music/Bill/0.jpg", home.base / "music/Nina/Wild/from bill.jpg")

    result = followed(home, own("Bill"), own("Nina/Wild"))

    assert (set(), {b"Nina/Wild/from bill.jpg"}) == (copied(result), moved(result))
    assert mirrored(home)


def test_a_renamed_folder_moves_with_all_below_it(home: Home) -> None:
    """An artist is renamed: the folder's old name is found gone from the listing above it."""
    os.rename(home.base / "music/Nina", home.base / "music/Nina Simone")

    result = followed(home, own("Nina"), whole("Nina Simone"))

    assert (set(), 6) == (copied(result), len(moved(result)))
    assert [] == result.found(FindingKind.GONE)


def test_a_removed_tree_is_found_from_above(home: Home) -> None:
    """Its own folder cannot be listed any more, nor can the one above."""
    shutil.rmtree(home.base / "music/Nina")

    result = followed(home, own("Nina/Blues"))

    assert 6 == len(result.found(FindingKind.GONE))
    assert {b"Nina/Blues", b"Nina/Wild"} == {
        each.path.rpartition(b"/")[0] for each in result.found(FindingKind.GONE) if each.path
    }


def test_an_unknown_folder_is_entered_to_its_end(home: Home) -> None:
    """A tree that came in at once may have told of its top only."""
    home.write("Miles/Blue/deep/0.jpg", b"deep")

    result = followed(home, own(""))

    assert {b"Miles/Blue/deep/0.jpg"} == copied(result)


def test_a_folder_that_came_back_is_looked_at_whole(home: Home) -> None:
    """Its folders are recorded from before; the spot says that all of it is new."""
    os.rename(home.base / "music/Nina", home.base / "away")
    followed(home, own("Nina"))
    os.rename(home.base / "away", home.base / "music/Nina")

    result = followed(home, whole("Nina"), own(""))

    assert [(b"present",)] == [
        (os.fsencode(str(state)),) for (state,) in home.ask("SELECT DISTINCT state FROM entries")
    ]
    assert set() == copied(result)


def test_a_folder_that_became_a_link_is_not_followed(home: Home) -> None:
    """Else somebody's whole disk could be taken for an album."""
    shutil.rmtree(home.base / "music/Nina/Blues")
    (home.base / "music/Nina/Blues").symlink_to(home.base / "music/Bill")

    result = followed(home, whole("Nina/Blues"))

    assert (set(), 3) == (copied(result), len(result.found(FindingKind.GONE)))


def test_what_does_not_rest_is_left_alone(home: Home) -> None:
    """A track that is being written is neither read nor taken for gone; its neighbours are."""
    home.write("Bill/0.jpg", b"half writ")
    home.write("Bill/new.jpg", b"whole")

    result = followed(home, own("Bill"), rests=lambda path, status: path != b"Bill/0.jpg")

    assert {b"Bill/new.jpg"} == copied(result)
    assert [] == result.found()


def test_an_album_is_not_most_of_its_library(home: Home) -> None:
    """Stats are believed unread when most of a *library* is touched at once; an album that is touched is read."""
    for number in range(40):
        home.write(f"Album/{number}.jpg", b"a%d" % number)
        for other in range(3):
            home.write(f"Other {other}/{number}.jpg", b"o%d %d" % (number, other))
    home.backup()
    for number in range(40):
        home.write(f"Album/{number}.jpg", b"b%d" % number)

    result = followed(home, own("Album"))

    assert 40 == len(result.found(FindingKind.SUSPECT))


def test_findings_outside_the_spots_stay_open(home: Home) -> None:
    """A folder that nobody could list is not well again because another one was."""
    for name in ("Bill", "Nina/Blues"):
        os.mkfifo(home.base / "music" / name / "pipe")
    home.backup()
    for name in ("Bill", "Nina/Blues"):
        (home.base / "music" / name / "pipe").unlink()

    followed(home, own("Bill"))

    assert [(b"Nina/Blues/pipe",)] == home.ask(
        "SELECT path FROM findings WHERE kind = 'skipped' AND closed_ns IS NULL"
    )


def test_names_of_any_bytes_are_spots_too(home: Home) -> None:
    """A folder whose name is no text, or has a line end in it, is a folder."""
    home.write(b"line\nend \xff/a.jpg", b"a")

    result = followed(home, Spot(b"line\nend \xff", whole=True))

    assert {b"line\nend \xff/a.jpg"} == copied(result)


def test_no_spot_sends_what_a_location_lacks(home: Home) -> None:
    """A drive that came back is brought up to date without a walk through the library."""
    shutil.rmtree(home.place() / "music/Bill")
    home.verify("red")

    result = followed(home)

    assert {b"Bill/0.jpg", b"Bill/1.jpg", b"Bill/2.jpg"} == copied(result)
    assert mirrored(home)


def test_a_scan_of_spots_is_no_scan_of_the_library(home: Home) -> None:
    """`status` says when all of it was looked at last."""
    before = home.ask("SELECT scanned_ns FROM libraries")

    followed(home, own("Bill"))

    assert before == home.ask("SELECT scanned_ns FROM libraries")


def test_what_a_location_lacks_is_not_sent_while_it_is_written(home: Home) -> None:
    """A drive that came back in the middle of a recording gets all of it, later."""
    shutil.rmtree(home.place() / "music/Bill")
    home.verify("red")
    home.write("Bill/0.jpg", b"half writ")

    result = followed(home, rests=lambda path, status: path != b"Bill/0.jpg")

    assert {b"Bill/1.jpg", b"Bill/2.jpg"} == copied(result)
