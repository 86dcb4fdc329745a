"""Reading a config: what it means, or everything that is wrong with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.config.load import check_text, load
from fonoteca.config.model import FolderConfig, LibraryConfig, RcloneConfig, S3Config, SftpConfig
from fonoteca.core.policy import Cron, Every, GuardLimit, GuardOff, Policy, Rate, Window
from fonoteca.errors import ConfigError, Problem, UsageError

ROOT = Path(__file__).parents[2]
FILE = "/srv/fonoteca/config.toml"
HALF_TOML = (
    r"(\[(library|location|policy|x)(\.[a-z\"]{0,3})?\]\n"
    r"|[a-z]{1,6} = [0-9\"\[{]{0,4}\n){0,5}"
)


def problems(text: str) -> list[tuple[int | None, str, str, str]]:
    """All problems of a config as (line, path, found, expected)."""
    with pytest.raises(ConfigError) as caught:
        check_text(dedent(text), FILE, {})
    return [(p.line, p.path, p.found, p.expected) for p in caught.value.problems]


def test_seven_mistakes_are_told_at_once_each_with_line_path_found_and_expected():
    """Seven runs for seven mistakes would be seven reasons to give up."""
    found = problems("""\
        [library.music]
        path = "/srv/music"
        excludes = ["Incoming/**"]

        [location.red]
        path = "/srv/music/backup"
        removable = "yes"

        [location.cloud]
        type = "s3"

        [policy]
        verify_every = 90

        [schedule]
        scrub = "0 25 * * *"

        [guard]
        limit = 0
        """)

    expected = [
        (3, "library.music.excludes", "an unknown key",
         "one of: path, exclude, guard (did you mean exclude?)"),
        (6, "location.red.path", '"/srv/music/backup", which lies inside library.music ("/srv/music")',
         "a folder outside of every library and every other location"),
        (7, "location.red.removable", '"yes"', "true or false"),
        (9, "location.cloud.bucket", "nothing", 'a bucket, such as bucket = "ana-music"'),
        (13, "policy.verify_every", "90", 'a duration such as "90 days", "6h" or "1h30m"'),
        (16, "schedule.scrub", '"0 25 * * *"', "a cron line whose hour is from 0 to 23, not 25"),
        (19, "guard.limit", "0", 'a limit such as "5 % and 20 files", or "off" (0 is not off)'),
    ]  # fmt: skip
    assert expected == found


def test_the_message_of_a_wrong_config_names_the_file_and_every_line():
    """The sentence alone must be enough to mend the file."""
    with pytest.raises(ConfigError) as caught:
        check_text('[policy]\ncopies = "three"\noffsite = -1\n', FILE, {})

    assert str(caught.value) == (
        f"{FILE} has 2 problems; nothing was done:\n"
        '  line 2, policy.copies: found "three", expected a whole number from 0 to 99\n'
        "  line 3, policy.offsite: found -1, expected a whole number from 0 to 99"
    )


def test_the_example_config_means_what_it_says():
    """It is the first thing that people copy."""
    config = load(str(ROOT / "config.example.toml"))

    assert LibraryConfig("music", b"/home/ana/Music", ("Incoming/**",)) == config.libraries["music"]
    assert GuardLimit(10.0, 50) == config.libraries["vinyl"].guard
    assert (
        FolderConfig(name="red", path=b"/media/red/music-backup", removable=True) == config.locations["red"]
    )
    home = os.path.expanduser("~")
    nas = SftpConfig(
        name="nas", host="nas.lan", user="ana", path=b"/volume1/music-backup", key=f"{home}/.ssh/id_ed25519"
    )
    assert nas == config.locations["nas"]
    cloud = S3Config(
        name="cloud",
        endpoint="https://s3.example.org",
        bucket="ana-music",
        prefix="archive",
        profile="fonoteca",
        offsite=True,
        rate=Rate(None, ((Window(480, 1380), 2_000_000),)),
    )
    assert cloud == config.locations["cloud"]
    assert RcloneConfig(name="drive", remote="gdrive:music", offsite=True) == config.locations["drive"]
    assert Policy(3, 1, 90 * 86400, 365 * 86400, 30 * 86400) == config.policy
    assert Cron("0 2 * * *") == config.schedule.scrub
    assert Every(21_600) == config.schedule.scan
    assert (Window(1080, 1380),) == config.background.quiet
    assert f"{home}/.config/fonoteca/notify.urls" == config.notify.urls_file


def test_an_empty_config_is_all_defaults():
    """`init` writes one in which everything is a comment."""
    config = check_text("", FILE, {})

    assert ({}, {}) == (config.libraries, config.locations)
    assert (Policy(), GuardLimit(5.0, 20)) == (config.policy, config.guard)
    assert "/srv/fonoteca/config-catalogue/catalogue.sqlite" == config.catalogue


def test_a_library_has_the_common_guard_unless_it_has_its_own():
    """One library of sketches may change wildly while the others stay guarded."""
    config = check_text(
        '[guard]\nlimit = "1 % and 2 files"\n[library.a]\npath = "/a"\n'
        '[library.b]\npath = "/b"\nguard = "off"\n',
        FILE,
        {},
    )

    assert [GuardLimit(1.0, 2), GuardOff()] == [library.guard for library in config.libraries.values()]


def test_a_drill_can_be_off_and_a_scan_cannot():
    """Watching is a hint, the scan is the truth: without it nothing would be."""
    assert check_text('[schedule]\ndrill = "off"\n', FILE, {}).schedule.drill is None
    assert ["schedule.scan"] == [path for _, path, *_ in problems('[schedule]\nscan = "off"\n')]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[libary.music]\npath = "/a"\n', (1, "libary", "an unknown key")),
        ('[library]\npath = "/a"\n', (2, "library.path", '"/a"')),
        ("library = 3\n", (1, "library", "3")),
        ("policy = true\n", (1, "policy", "true")),
        ('[library.music]\npath = ""\n', (2, "library.music.path", '""')),
        ("[library.music]\n", (1, "library.music.path", "nothing")),
        ('[library.music]\npath = "$NOWHERE/Music"\n', (2, "library.music.path", '"$NOWHERE/Music"')),
        (
            '[library.music]\npath = "~nobody-of-that-name/Music"\n',
            (2, "library.music.path", '"~nobody-of-that-name/Music"'),
        ),
        ('[library.music]\npath = "/a"\nexclude = ["../x"]\n', (3, "library.music.exclude", '"../x"')),
        ('[library.music]\npath = "/a"\nexclude = "x"\n', (3, "library.music.exclude", '"x"')),
        ('[library.".hidden"]\npath = "/a"\n', (1, 'library.".hidden"', 'the name ".hidden"')),
        ('[location."my drive"]\npath = "/a"\n', (1, 'location."my drive"', 'the name "my drive"')),
        ('[location.x]\ntype = "ftp"\npath = "/a"\n', (2, "location.x.type", '"ftp"')),
        ('[location.x]\ntype = ["s3"]\n', (2, "location.x.type", "a list")),
        ('[location.x]\nbucket = "abc"\n', (1, "location.x.type", "nothing")),
        ('[location.x]\npath = "/a"\nstreams = 0\n', (3, "location.x.streams", "0")),
        ('[location.x]\npath = "/a"\nrate = "paused"\n', (3, "location.x.rate", '"paused"')),
        ('[location.x]\ntype = "sftp"\nhost = "ana@nas"\npath = "/a"\n', (3, "location.x.host", '"ana@nas"')),
        ('[location.x]\ntype = "sftp"\nhost = "nas"\npath = "~/a"\n', (4, "location.x.path", '"~/a"')),
        (
            '[location.x]\ntype = "sftp"\nhost = "nas"\npath = "/a"\nport = 70000\n',
            (5, "location.x.port", "70000"),
        ),
        (
            '[location.x]\ntype = "sftp"\nhost = "nas"\npath = "/a"\npassword = "s"\n',
            (5, "location.x.password", "an unknown key"),
        ),
        ('[location.x]\ntype = "rclone"\nremote = "gdrive"\n', (3, "location.x.remote", '"gdrive"')),
        ('[location.x]\ntype = "s3"\nbucket = "a b"\n', (3, "location.x.bucket", '"a b"')),
        ('[location.x]\ntype = "s3"\nbucket = "ab"\nprefix = "a//b"\n', (4, "location.x.prefix", '"a//b"')),
        (
            '[location.x]\ntype = "s3"\nbucket = "ab"\nendpoint = "s3.example.org"\n',
            (4, "location.x.endpoint", '"s3.example.org"'),
        ),
        (
            '[location.x]\ntype = "s3"\nbucket = "ab"\nendpoint = "https://[::1"\n',
            (4, "location.x.endpoint", '"https://[::1"'),
        ),
        ('[policy]\nkeep_versions = "0 days"\n', (2, "policy.keep_versions", '"0 days"')),
        ("[policy]\ncopies = true\n", (2, "policy.copies", "true")),
        ('[background]\nquiet = "18-23"\n', (2, "background.quiet", '"18-23"')),
        ("[notify]\nremind = 2026-01-01\n", (2, "notify.remind", "2026-01-01")),
        ("[archive]\ncatalogue = []\n", (2, "archive.catalogue", "a list")),
    ],
)
def test_a_single_mistake_is_told_by_line_path_and_what_was_found(text, expected):
    """Each kind of mistake has its own words, and no other problem is invented beside it."""
    found = problems(text)

    assert [expected] == [problem[:3] for problem in found]
    assert found[0][3]


def test_a_password_in_an_endpoint_is_refused_and_not_repeated():
    """Messages end up in logs."""
    text = '[location.x]\ntype = "s3"\nbucket = "ab"\nendpoint = "https://ana:hunter2@s3.example.org"\n'

    assert "hunter2" not in str(problems(text))


def test_two_libraries_that_differ_in_case_or_accents_form_alone_are_refused():
    """At a location that folds names they would be one folder."""
    found = problems('[library."Mu\u0301sica"]\npath = "/a"\n[library."MÚSICA"]\npath = "/b"\n')

    assert [(3, 'library."MÚSICA"')] == [problem[:2] for problem in found]


@pytest.mark.parametrize(
    ("text", "line", "path"),
    [
        ("[a\n", 1, "file"),
        ("a = 1\na = 2\n", 2, "file"),
        ('[library.music]\npath = "/a"\n[library.music]\n', 3, "library.music"),
        ('[location."a b"]\n[location."a b"]\n', 2, 'location."a b"'),
        ("path = /home/ana\n", 1, "file"),
        ('\n\npath = "unfinished', 3, "file"),
    ],
)
def test_what_is_not_toml_has_its_line(text, line, path):
    """Two tables of one name are a syntax error in TOML, and said as what they are."""
    assert [(line, path)] == [problem[:2] for problem in problems(text)]


def test_bytes_that_are_not_utf_8_have_their_line(tmp_path):
    """An old editor's Latin-1 is a common find."""
    file = tmp_path / "config.toml"
    file.write_bytes(b"# a\n# M\xfasica\n")

    with pytest.raises(ConfigError) as caught:
        load(str(file))

    assert [2] == [problem.line for problem in caught.value.problems]


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path):
    """Notepad writes both."""
    file = tmp_path / "config.toml"
    file.write_bytes(b'\xef\xbb\xbf[library.music]\r\npath = "/srv/music"\r\n')

    assert b"/srv/music" == load(str(file)).libraries["music"].path


def test_a_missing_config_names_the_commands_that_write_one(tmp_path):
    """The first command of a newcomer may well be `status`."""
    with pytest.raises(UsageError, match=r"`fonoteca protect .*`fonoteca init`"):
        load(str(tmp_path / "config.toml"))


def test_a_folder_in_place_of_the_config_is_told(tmp_path):
    """`--config ~/.config/fonoteca` is a natural slip."""
    with pytest.raises(UsageError, match="is a folder"):
        load(str(tmp_path))


def test_a_config_that_cannot_be_read_is_told(tmp_path):
    """A path through a file fails for everybody, root too."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be read"):
        load(str(tmp_path / "file" / "config.toml"))


def test_relative_paths_start_from_the_config_and_home_and_variables_are_known(tmp_path):
    """A config on a stick works wherever the stick is mounted."""
    paths = {"a": "Music", "b": "$HOME/b", "c": "/x/A$AP//./Rocky/"}
    text = "".join(f'[library.{name}]\npath = "{path}"\n' for name, path in paths.items())

    libraries = check_text(text, str(tmp_path / "c.toml"), {"HOME": "/home/ana"}).libraries

    expected = [os.fsencode(tmp_path / "Music"), b"/home/ana/b", b"/x/A$AP/Rocky"]
    assert expected == [library.path for library in libraries.values()]


@given(st.text(max_size=60) | st.from_regex(HALF_TOML))
def test_no_text_whatever_makes_the_loader_fail_in_another_way(text):
    """A config is a config or has problems; there is no third thing."""
    found: Sequence[Problem] | None = None
    try:
        check_text(text, FILE, {})
    except ConfigError as error:
        found = error.problems

    assert found is None or found


def test_loading_imports_none_of_the_heavy_modules():
    """A command that fails or answers at once must not wait for what it does not use."""
    code = (
        "import sys; from fonoteca.config.load import load; load(sys.argv[1]);"
        "print(sorted({'pydantic', 'tomlkit', 'platformdirs', 'rich', 'difflib'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "config.example.toml")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )

    assert "[]" == ran.stdout.strip()
