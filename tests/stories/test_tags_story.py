"""Ana's tagger spoils an album over night; in the morning she sees what it did, and takes it back."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from support.audio import make_audio
from support.stories import Person
from support.tools import run_tool


def test_spoilt_tags_are_seen_and_taken_back(tmp_path):
    """History, plan, deed, and a backup that sends nothing new."""
    ana = Person(tmp_path)
    path = make_audio("flac", ana.music / "a.flac", tags={"TITLE": "Right", "GENRE": "Jazz"})
    right = path.read_bytes()
    ana.types("protect", ana.music, "--to", ana.home / "red")
    before = datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z")
    run_tool("metaflac", "--remove-all-tags", "--set-tag=TITLE=Wrong\x1b[2J", str(path))
    ana.types("backup")

    told = ana.types("tags", "history", "--since", "1h")
    lines = ana.types("tags", "history", "--json").lines
    plan = ana.types("tags", "restore", "*.flac", "--at", before)
    still = path.read_bytes()
    done = ana.types("tags", "restore", "*.flac", "--at", before, "--apply", "--json")
    again = ana.types("backup")

    assert [0, 0, 0, 0] == [told.code, plan.code, done.code, again.code]
    assert "Music/a.flac  GENRE: Jazz → (none)" in told.out
    assert ["change", "change", "summary"] == [each["type"] for each in lines]
    assert r"TITLE: Wrong\x1b[2J → Right" in plan.out
    assert "fonoteca tags restore '*.flac' --at " in plan.out
    assert " --apply    # does it" in plan.out
    assert still != right == path.read_bytes() == (ana.home / "red/Music/a.flac").read_bytes()
    (line,) = (each for each in done.lines if each["type"] == "retagged")
    assert {"field": "GENRE", "old": [], "new": ["Jazz"]} in line["changes"]
    assert set() == told.controls | plan.controls
