"""Edits that leave every other byte as the user wrote it."""

from __future__ import annotations

import os
import stat
import tomllib
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.config import edit
from fonoteca.config.load import check_text, load
from fonoteca.errors import ConfigError, UsageError

MINE = dedent("""\
    # my archive

    [library.music]     # the good stuff
    path    = "/srv/Music"   # on the big disk
    exclude = ["Incoming/**"]
    # a thought within

    # about the red drive
    [location.red]
    path = "/media/red/backup"

    # the end""")


def test_the_template_loads_and_names_no_folder():
    """`init` must not protect a folder that nobody chose."""
    config = check_text(edit.template(), "/srv/c.toml", {})

    assert ({}, {}) == (config.libraries, config.locations)


def test_the_template_loads_with_every_hash_taken_off():
    """The lines are there to be used."""
    lines = edit.template().splitlines()
    bare = [
        line[2:] if line.startswith(("# [", "# ")) and ("=" in line or line.startswith("# [")) else ""
        for line in lines[3:]
    ]

    config = check_text("\n".join(bare), "/srv/c.toml", {})

    assert (["music"], ["red", "nas", "cloud"]) == (list(config.libraries), list(config.locations))


def test_adding_changes_nothing_that_stands():
    """`protect` run again must not touch what a person wrote."""
    text = edit.add_location(
        edit.add_library(MINE, "vinyl", "~/Vinyl"), "blue", {"path": "/mnt/b", "removable": True}
    )

    expected = (
        MINE + '\n\n[library.vinyl]\npath = "~/Vinyl"\n\n[location.blue]\npath = "/mnt/b"\nremovable = true\n'
    )
    assert expected == text


def test_a_name_that_needs_quotes_gets_them():
    """Libraries have names as people write them."""
    text = edit.add_library("", 'Ana\'s "best"', 'C:\\"x"\n', ["a]", 'b"'])

    assert {"path": 'C:\\"x"\n', "exclude": ["a]", 'b"']} == tomllib.loads(text)["library"]['Ana\'s "best"']


@pytest.mark.parametrize(
    "add",
    [lambda: edit.add_library(MINE, "music", "/x"), lambda: edit.add_location(MINE, "red", {"path": "/x"})],
)
def test_a_name_that_is_taken_is_refused(add):
    """Two tables of one name would be a syntax error, found at the next start."""
    with pytest.raises(UsageError, match="already"):
        add()


def test_removing_takes_its_lines_and_leaves_the_comments_around():
    """A comment above a table may be about the one before it: it is the person's to judge."""
    expected = dedent("""\
        # my archive

        # a thought within

        # about the red drive
        [location.red]
        path = "/media/red/backup"

        # the end""")

    assert expected == edit.remove_library(MINE, "music")


def test_removing_what_was_added_gives_the_text_back():
    """Nothing is left behind by a try."""
    text = MINE + "\n"

    assert text == edit.remove_location(edit.add_location(text, "blue", {"path": "/b"}), "blue")


def test_removing_what_is_not_there_says_what_is():
    """A slip of the pen is answered by the list."""
    with pytest.raises(UsageError, match=r"no location blue. It has: red"):
        edit.remove_location(MINE, "blue")


def test_a_new_path_stands_where_the_old_one_stood():
    """The comment beside it stays too."""
    expected = MINE.replace('"/srv/Music"', '"/new/place"')

    assert expected == edit.set_library_path(MINE, "music", "/new/place")


INLINE = dedent("""\
    library = { music = { path = "/a" }, other = { path = "/b" } } # in one line
    [location]
    red = { path = "/c" }
    """)
DOTTED = '# dots\nlibrary.music.path = "/a" # one\nlibrary.other.path = "/b"\n[location.red]\npath = "/c"\n'
MIXED = dedent("""\
    [location.red]
    path = "/c"
    [library.music]
    path = "/a"
    [location.blue]
    path = "/d"
    [library.other] # stays
    path = "/b"
    """)


@pytest.mark.parametrize(
    ("text", "comment"), [(INLINE, "# in one line"), (DOTTED, "# dots"), (MIXED, "[library.other] # stays")]
)
def test_configs_in_any_spelling_of_toml_can_be_edited(text, comment):
    """TOML has several ways to say one thing, and people use them all."""
    changed = edit.set_library_path(text, "other", "/e")
    changed = edit.remove_library(changed, "music")
    changed = edit.add_library(changed, "vinyl", "/f")
    changed = edit.add_location(changed, "green", {"path": "/g"})

    data = tomllib.loads(changed)
    assert {"other": {"path": "/e"}, "vinyl": {"path": "/f"}} == data["library"]
    assert {"path": "/g"} == data["location"]["green"]
    assert comment in changed


def test_removing_the_last_one_leaves_a_config_that_loads():
    """An archive may be begun again."""
    for text in (
        '[library.a]\npath = "/a"\n',
        'library = { a = { path = "/a" } }\n',
        '[library]\na = { path = "/a" }\n',
    ):
        assert {} == check_text(edit.remove_library(text, "a"), "/srv/c.toml", {}).libraries


def test_a_path_that_is_not_utf_8_is_refused_with_a_way_out():
    """TOML is UTF-8; a symbolic link lends such a folder another name."""
    with pytest.raises(UsageError, match="symbolic link"):
        edit.add_library("", "music", os.fsdecode(b"/srv/M\xfasica"))


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(st.dictionaries(NAMES, NAMES, min_size=1, max_size=4), st.data())
def test_any_names_and_values_go_in_and_come_out(paths, data):
    """Folders have all the names that there are."""
    text = MINE
    for name, path in paths.items():
        if name != "music":
            text = edit.add_library(text, name, path)
    chosen = data.draw(st.sampled_from(sorted(paths)))

    text = edit.set_library_path(text, chosen if chosen != "music" else "music", "/moved")

    assert "/moved" == tomllib.loads(text)["library"][chosen]["path"]
    assert chosen not in tomllib.loads(edit.remove_library(text, chosen)).get("library", {})


def test_a_config_is_written_for_its_owner_alone_and_means_what_was_written(tmp_path):
    """It tells where the music lies, and people put more into it than they should."""
    path = tmp_path / "new" / "config.toml"

    config = edit.write_config(str(path), MINE)

    assert MINE == path.read_text()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert config == load(str(path))


def test_the_mode_and_a_symbolic_link_survive_a_write(tmp_path):
    """Many keep their configs in one folder of dotfiles."""
    real, link = tmp_path / "dotfiles.toml", tmp_path / "config.toml"
    real.write_text("# old\n")
    real.chmod(0o640)
    link.symlink_to("dotfiles.toml")

    edit.write_config(str(link), MINE)

    assert (True, MINE, 0o640) == (link.is_symlink(), real.read_text(), stat.S_IMODE(real.stat().st_mode))
    assert ["config.toml", "dotfiles.toml"] == sorted(os.listdir(tmp_path))


def test_a_text_that_does_not_load_is_never_written(tmp_path):
    """A command may fail; it may not leave a config that stops all others."""
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")

    with pytest.raises(ConfigError):
        edit.write_config(str(path), edit.add_location(MINE, "blue", {"path": "/srv/Music/inside"}))

    assert "# mine\n" == path.read_text()


def test_a_write_that_fails_leaves_the_old_config_and_nothing_beside_it(tmp_path, monkeypatch):
    """A full disk costs the edit, not the config."""
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        edit.write_config(str(path), MINE)

    assert (["config.toml"], "# mine\n") == (os.listdir(tmp_path), path.read_text())


def test_a_config_with_problems_is_not_edited(tmp_path):
    """An edit of what is not understood could only make it worse."""
    (tmp_path / "c.toml").write_text("library = 3\n")

    with pytest.raises(ConfigError):
        edit.text_or_empty(str(tmp_path / "c.toml"))


def test_a_symbolic_link_to_nothing_is_written_through(tmp_path):
    """A dotfiles folder may be set up before its files are."""
    (tmp_path / "config.toml").symlink_to("dotfiles/fonoteca.toml")

    edit.write_config(str(tmp_path / "config.toml"), edit.text_or_empty(str(tmp_path / "config.toml")) + MINE)

    assert MINE == (tmp_path / "dotfiles" / "fonoteca.toml").read_text()


def test_a_config_that_is_not_there_yet_is_an_empty_text(tmp_path):
    """`protect` writes the first one."""
    (tmp_path / "c.toml").write_text(MINE)

    assert ["", MINE] == [edit.text_or_empty(str(tmp_path / name)) for name in ("none.toml", "c.toml")]
