"""What the lines mean, one after another."""

from __future__ import annotations

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.manifest.lines import (
    AddStep,
    Done,
    Folder,
    Happened,
    Have,
    Held,
    HoldState,
    Intent,
    Link,
    Moved,
    Pruned,
    Retired,
    Segment,
    Superseded,
    Tags,
    Unknown,
)
from fonoteca.core.manifest.replay import Holdings, replay
from fonoteca.core.place import Key

OLD, NEW = Content(b"o" * 32, 3, b"o" * 16), Content(b"n" * 32, 4, b"n" * 16)
BLOB = Key(b".fonoteca/versions/6f/6f.flac")


def have(name=b"a", content=OLD):
    """A `Have` for `music/<name>`."""
    return Have(Key(b"music/" + name), RelPath(name), content, 1, Level.MEDIA, 5)


def version(kind, name=b"a"):
    """A `Superseded` or `Retired` for `music/<name>`."""
    return kind(Key(b"music/" + name), RelPath(name), OLD, 1, BLOB, "tag edit", Level.MEDIA, 6)


def test_an_edit_keeps_the_old_as_a_version_whichever_line_comes_first():
    """Superseding takes nothing from the key; the new `have` replaces the old."""
    first = replay([have(), version(Superseded), have(content=NEW)])
    second = replay([have(), have(content=NEW), version(Superseded)])

    assert (
        first == second == Holdings(have={Key(b"music/a"): have(content=NEW)}, versions=[version(Superseded)])
    )


def test_a_retired_entry_stands_under_versions_only():
    """Gone from the library, not gone."""
    assert replay([have(), version(Retired)]) == Holdings(versions=[version(Retired)])


def test_a_move_takes_the_copy_along():
    """No bytes were sent, and nothing is known less well."""
    line = Moved(Key(b"music/a"), Key(b"music/b"), RelPath(b"b"), 6)

    assert replay([have(), line]) == Holdings(have={Key(b"music/b"): have(b"b")})


def test_pruning_one_record_leaves_another_that_names_the_same_blob():
    """A blob goes when no record names it."""
    lines = [version(Superseded), version(Superseded, b"b")]

    assert replay([*lines, Pruned(BLOB, Key(b"music/a"), "age", 7)]).versions == lines[1:]
    assert replay([*lines, Pruned(BLOB, None, "age", 7)]).versions == []


def test_folders_and_links_come_and_go():
    """They are recreated on restore as they last were."""
    path, link = RelPath(b"empty"), RelPath(b"link")
    lines = [Folder(path, 1), Link(link, b"target", 1)]

    assert replay(lines) == Holdings(folders={path}, links={link: b"target"})
    assert replay([*lines, Folder(path, 2, gone=True), Link(link, b"", 2, gone=True)]) == Holdings()


def test_an_intent_without_its_end_is_unfinished():
    """What it names is neither missing nor recorded."""
    intent = Intent("b1", (AddStep(Key(b"music/a"), RelPath(b"a"), OLD, 1),), 5)

    assert replay([intent]).unfinished == {"b1": intent}
    assert replay([intent, have(), Done("b1", 6)]).unfinished == {}


def test_a_full_segment_restates_everything():
    """What earlier segments said counts no more."""
    full = Segment(9, LibraryId("0f" * 16), "ab" * 32, 8, "w", full=True)

    assert replay([have(), version(Superseded), full, have(b"b")]) == Holdings(
        have={Key(b"music/b"): have(b"b")}
    )


def test_tags_journal_and_holds_are_kept_and_the_unknown_is_passed_over():
    """Tag history and the journal come back from the manifest alone."""
    tags, event = Tags(b"o" * 32, 3, 1), Happened("ingestion", 1)
    hold = Held("h1", "rot", HoldState.OPEN, 1)
    holdings = replay([tags, event, hold, Unknown("sung", b"{}\n")])

    assert holdings == Holdings(tags={(b"o" * 32, 3): tags}, journal=[event], holds={"h1": hold})
