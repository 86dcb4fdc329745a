"""A person's way from rot to whole music, as the command line tells it."""

from __future__ import annotations

import json

import pytest

from fonoteca.cli.main import main
from support.archives import Home, flip_byte

SONG = b"song" * 500


@pytest.fixture
def home(tmp_path):
    """Two files at two locations."""
    home = Home(tmp_path, ("red", "blue"))
    home.write("a.jpg", SONG)
    home.write("b.jpg", b"b" * 3000)
    home.backup()
    return home


def typed(home, capsys, *words):
    """What a command prints, and its exit code."""
    code = main([*words, "--config", home.config_path])
    out, err = capsys.readouterr()
    return code, out, err


def test_rot_is_scrubbed_up_planned_and_repaired(home, capsys):
    """Found at night, shown in the morning, put right with one more word."""
    target = home.place("red") / "music/a.jpg"
    flip_byte(target)

    code, out, _ = typed(home, capsys, "scrub", "red")
    assert (4, True) == (code, "music/a.jpg at red" in out)
    code, out, _ = typed(home, capsys, "repair")
    assert (4, True) == (code, "would be repaired" in out and "--apply" in out)
    assert SONG != target.read_bytes()
    code, out, _ = typed(home, capsys, "repair", "--apply")
    assert (4, True) == (code, "1 file repaired" in out and "quarantine" in out)
    assert SONG == target.read_bytes()
    assert 0 == typed(home, capsys, "verify")[0]


def test_a_budget_is_told_and_the_next_run_goes_on(home, capsys):
    """Exit 8 is no failure: the next night begins there."""
    code, out, _ = typed(home, capsys, "scrub", "--max", "4kB")
    assert (8, True) == (code, "left for the next run" in out)

    code, out, _ = typed(home, capsys, "scrub", "--max", "1GB", "--budget", "30m", "--rate", "50MB/s")

    assert (0, True) == (code, "verified" in out)


def test_status_tells_how_each_location_keeps_up(home, capsys):
    """Age, share and the day on which it will be overdue."""
    typed(home, capsys, "scrub")

    _, out, _ = typed(home, capsys, "status")
    _, lines, _ = typed(home, capsys, "status", "--json")

    assert "Overdue at this pace" in out
    assert "100 %" in out
    (red,) = [each for each in json.loads(lines)["locations"] if each["name"] == "red"]
    assert (1.0, None) == (red["share_within"], red["overdue"])


def test_json_names_source_and_quarantine(home, capsys):
    """A program learns where the good bytes came from and where the bad ones are."""
    flip_byte(home.place("red") / "music/a.jpg")
    typed(home, capsys, "scrub", "red")

    _, out, _ = typed(home, capsys, "repair", "--apply", "--json")

    lines = [json.loads(line) for line in out.splitlines()]
    (done,) = [line for line in lines if line["type"] == "repaired"]
    assert ("a.jpg", "red", "blue", "copy") == tuple(
        done[each] for each in ("path", "location", "source", "what")
    )
    assert done["kept"].startswith("red: .fonoteca/quarantine/")
    assert done["source_level"] in ("bytes", "media")
    assert 1 == lines[-1]["counts"]["repaired"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scrub", "--budget", "soon"), "--budget cannot be"),
        (("scrub", "--rate", "paused"), "would never end"),
        (("scrub", "--max", "5 Gb"), "--max cannot be"),
        (("repair", "music"), "fonoteca repair music --library"),
        (("repair", "red", "--from", "/nowhere"), "location adopt /nowhere"),
    ],
)
def test_what_cannot_be_meant_is_said(home, capsys, words, said):
    """Exit 2, with what would do."""
    code, _, err = typed(home, capsys, *words)

    assert (2, True) == (code, said in err), err


def test_bare_locations_are_repaired_by_their_paths(home, capsys):
    """No config, no catalogue: two drives."""
    flip_byte(home.place("red") / "music/a.jpg")
    (home.base / "config.toml").unlink()
    home_less = str(home.base / "config.toml")
    words = ["repair", str(home.place("red")), "--from", str(home.place("blue")), "--config", home_less]

    assert [4, 4] == [main(words), main([*words, "--apply"])]
    capsys.readouterr()

    assert SONG == (home.place("red") / "music/a.jpg").read_bytes()
