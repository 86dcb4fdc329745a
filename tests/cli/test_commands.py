"""Each command hands its words to one task, unchanged. Tasks are small fakes here; stories run real ones."""

import json
import sys
from contextlib import contextmanager
from enum import StrEnum
from types import ModuleType, SimpleNamespace

import pytest

from fonoteca.cli import main as entry
from fonoteca.cli.face import Face
from fonoteca.core.copy import Level
from fonoteca.core.event import RunEnded, Summary
from fonoteca.core.status import ArchiveStatus


class AnyStop:
    """Equal to whatever can say that the user asked to stop."""

    def __eq__(self, other):
        return hasattr(other, "requested")

    __hash__ = None


STOP = AnyStop()
CONFIG = """
[library.music]
path = "/nowhere/music"
[location.red]
path = "/nowhere/red"
"""


class Overwrite(StrEnum):
    """As the restore task has it."""

    NEVER = "never"
    DIFFERING = "differing"


class Recorder:
    """Remembers how a task was called, and answers with `answer`."""

    def __init__(self, calls, name, answer):
        self.calls, self.name, self.answer = calls, name, answer

    def __call__(self, *given, **more):
        self.calls.append((self.name, given, more))
        return self.answer


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """The calls that tasks get: `(name, positional, named)`; the archive is the word `ARCHIVE`."""
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    monkeypatch.setenv("FONOTECA_CONFIG", str(config))
    made = []

    @contextmanager
    def archive(self, access):
        yield "ARCHIVE"

    monkeypatch.setattr(Face, "archive", archive)
    ended = [RunEnded("task", 3, 0.1, Summary())]
    changed = SimpleNamespace(sentences=("Done\x1b.",), warnings=("Mind.",))
    tasks = {
        "backup": {"backup": ended, "scan": ended},
        "verify": {"verify": ended, "verify_bare": ended},
        "restore": {"restore": ended, "restore_bare": ended},
        "prune": {"prune": ended},
        "retag": {"restore": ended},
        "edits": {"history": []},
        "adopt": {"location_adopt": ended},
        "status": {"status": ArchiveStatus(0, 1)},
        "show": {"show": {"path": "a.flac", "library": "music"}},
        "listing": {"entries": [{"path": "a.flac", "library": "music", "size": 5, "copies": []}]},
        "setup": dict.fromkeys(
            [
                "protect_setup",
                "library_add",
                "library_adopt",
                "library_forget",
                "location_add",
                "location_replace",
                "location_forget",
            ],
            changed,
        ),
    }
    for module, functions in tasks.items():
        fake = ModuleType(f"fonoteca.tasks.{module}")
        fake.Overwrite = Overwrite
        for name, answer in functions.items():
            setattr(fake, name, Recorder(made, name, answer))
        monkeypatch.setitem(sys.modules, f"fonoteca.tasks.{module}", fake)
        monkeypatch.setattr(sys.modules["fonoteca.tasks"], module, fake, raising=False)
    return made


@pytest.fixture(autouse=True, scope="module")
def tasks_package():
    """The package must be there before its modules are replaced."""
    import fonoteca.tasks  # noqa: F401


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["scan", "-l", "music"], ("scan", ("ARCHIVE", ["music"]), {})),
        (["backup"], ("backup", ("ARCHIVE", None, None), {"dry_run": False, "read": False})),
        (
            ["backup", "red", "/nowhere/red", "--dry-run", "--read"],
            ("backup", ("ARCHIVE", ["red", "red"], None), {"dry_run": True, "read": True}),
        ),
        (["verify"], ("verify", ("ARCHIVE", None), {"level": None, "sha256": False})),
        (
            ["verify", "red", "--level", "media", "--sha256"],
            ("verify", ("ARCHIVE", ["red"]), {"level": Level.MEDIA, "sha256": True}),
        ),
        (
            ["verify", "/else/where"],
            ("verify_bare", ("/else/where",), {"level": None, "sha256": False, "stop": STOP}),
        ),
        (
            ["restore", "--to", "caf\udce9", "a*", "b*"],
            (
                "restore",
                ("ARCHIVE", b"caf\xe9"),
                {
                    "source": None,
                    "patterns": ["a*", "b*"],
                    "overwrite": Overwrite.NEVER,
                    "dry_run": False,
                    "earlier": None,
                },
            ),
        ),
        (["prune", "/nowhere/red"], ("prune", ("ARCHIVE", ["red"]), {"apply": False})),
        (["prune", "--apply"], ("prune", ("ARCHIVE", None), {"apply": True})),
        (
            ["tags", "restore", "a/**", "--at", "1970-01-01T00:00:02Z"],
            ("restore", ("ARCHIVE", "a/**", 2_000_000_000), {"apply": False}),
        ),
        (
            ["restore", "--to", "x", "--from", "./bare", "--overwrite", "differing", "-n"],
            (
                "restore_bare",
                ("./bare", b"x"),
                {
                    "patterns": [],
                    "overwrite": Overwrite.DIFFERING,
                    "dry_run": True,
                    "stop": STOP,
                    "earlier": None,
                },
            ),
        ),
    ],
)
def test_a_command_calls_its_task_and_returns_its_code(calls, words, call):
    """The face adds nothing and loses nothing, not even bytes that are not UTF-8."""
    code = entry.main(words)

    assert calls[0] == call
    assert code == 3


def test_setting_up_says_what_was_done_and_what_to_mind(calls, capsys):
    """Sentences to stdout, warnings to stderr, both safe for a terminal."""
    code = entry.main(["library", "add", "music", "/x", "--exclude", "In/**"])

    assert code == 0
    assert calls[0][1][1:] == ("music", b"/x", ["In/**"])
    assert capsys.readouterr() == ("Done\\x1b.\n", "Note: Mind.\n")


def test_protect_sets_up_and_then_backs_up(calls):
    """Two steps that a newcomer need not know apart."""
    code = entry.main(["protect", "~/Music", "--to", "/a", "--to", "/b"])

    assert [name for name, *_ in calls] == ["protect_setup", "backup", "status"]
    assert calls[0][1][1:] == ([b"~/Music"], ["/a", "/b"])
    assert code == 3


def test_list_is_an_entry_a_line_and_a_summary(calls, capsys):
    """As the contract for programs has it."""
    entry.main(["list", "*.flac", "--json"])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert calls == [("entries", ("ARCHIVE", "*.flac"), {})]
    assert [line["type"] for line in lines] == ["entry", "summary"]
    assert lines[0]["schema_version"] == 1
    assert lines[-1]["counts"] == {"listed": 1}


def test_status_carries_its_own_code(calls, capsys):
    """`status` judges the archive."""
    assert entry.main(["status", "--json"]) == 6
    assert json.loads(capsys.readouterr().out)["overall"] == "unprotected"


def test_status_quiet_speaks_only_of_trouble(calls, capsys):
    """On stderr, so that cron mails it."""
    assert entry.main(["--quiet", "status"]) == 6
    assert capsys.readouterr() == ("", "There is no library yet.\n")


def test_show_is_a_tree_or_one_object(calls, capsys):
    """For a person, and for a program."""
    entry.main(["show", "caf\udce9"])
    entry.main(["show", "a", "--json"])

    tree, line = capsys.readouterr().out.rsplit("\n", 2)[:2]
    assert calls[0][1] == ("ARCHIVE", b"caf\xe9")
    assert tree == "path: a.flac\nlibrary: music"
    assert json.loads(line)["type"] == "file"


def test_a_bare_place_is_verified_alone(calls, capsys):
    """It belongs to no config, so it cannot be one of several."""
    assert entry.main(["verify", "red", "/else/where"]) == 2
    assert "/else/where is not a location of the config" in capsys.readouterr().err


def test_read_without_dry_run_is_a_question_back(calls, capsys):
    """A backup reads what it copies anyway."""
    assert entry.main(["backup", "--read"]) == 2
    assert calls == []


def test_a_secret_in_the_config_is_refused_and_not_repeated(tmp_path, monkeypatch, capsys):
    """A config that is pasted into a report gives nothing away, and neither does what is said of it."""
    path = tmp_path / "c.toml"
    path.write_text('[location.x]\ntype = "rclone"\nremote = ":webdav,url=https://u:p@h,pass=abc:music"\n')

    code = entry.main(["config", "show", "--config", str(path)])

    captured = capsys.readouterr()
    assert (code, "abc" in captured.out + captured.err) == (2, False)
    assert "location.x.remote" in captured.err
