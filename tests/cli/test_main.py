"""The console entry: exit codes, errors as sentences, unknown words."""

import json
import subprocess
import sys

import pytest

from fonoteca import __version__, errors
from fonoteca.cli import main as entry
from fonoteca.cli.app import MODULES
from fonoteca.cli.suggest import suggestion
from fonoteca.core.report import ExitCode


@pytest.fixture(autouse=True)
def own_config(tmp_path, monkeypatch):
    """No test reads the config of whoever runs it."""
    monkeypatch.setenv("FONOTECA_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path / "config.toml"


def run(capsys, *arguments):
    """(exit code, stdout, stderr) of one command line."""
    code = entry.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), ExitCode.USAGE),
        (errors.ConfigError("f", []), ExitCode.USAGE),
        (errors.Locked("x", 1), ExitCode.LOCKED),
        (errors.Away("red", "x"), ExitCode.AWAY),
        (errors.LibraryAway("music", "/m", "x"), ExitCode.AWAY),
        (errors.Denied("red", "x"), ExitCode.INCOMPLETE),
        (errors.Full("red", 1, 0), ExitCode.INCOMPLETE),
        (errors.LibraryError("music", "/m", "x"), ExitCode.INCOMPLETE),
        (errors.CatalogueNewer("/c", 9, 1), ExitCode.INTERNAL),
        (errors.CatalogueCorrupt("/c", "x"), ExitCode.INTERNAL),
        (errors.Interrupted(2), 130),
        (errors.Interrupted(15), 143),
        (RuntimeError("x"), ExitCode.INTERNAL),
    ],
)
def test_every_error_has_its_exit_code(error, code):
    """Section 6 of the design; what is unknown is a failure."""
    assert entry.exit_code(error) == code


def test_version_is_said_without_importing_the_command_line():
    """`fonoteca --version` answers in a blink: neither typer nor anything like it is imported."""
    code = (
        "import sys; from fonoteca.cli.main import main; main(['--version']); print('typer' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [f"fonoteca {__version__}", "False"]


def test_version_is_also_said_after_other_flags(capsys):
    """However it is asked for."""
    assert run(capsys, "--json", "--version") == (0, f"fonoteca {__version__}\n", "")


def test_no_command_means_help(capsys):
    """A newcomer types the name and sees what there is."""
    code, out, _ = run(capsys)

    assert code == 0
    assert all(f"\n  {command}" in out for command in MODULES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("check", "verify"),
        ("fsck", "verify"),
        ("fix", "repair"),
        ("sync", "backup"),
        ("copy", "backup"),
        ("snapshot", "backup"),
        ("create", "backup"),
        ("ls", "list"),
        ("info", "show"),
        ("extract", "restore"),
        ("recover", "restore"),
        ("doctor", "status"),
        ("add", "library add"),
        ("verfy", "verify"),
        ("statsu", "status"),
    ],
)
def test_words_known_from_elsewhere_lead_to_the_command(capsys, typed, meant):
    """People come from restic, borg, rsync, git-annex, or mistype."""
    assert suggestion(typed, MODULES) == meant
    code, _, err = run(capsys, typed)
    assert code == 2
    assert f"{meant}`?" in err


def test_a_word_that_means_nothing_gets_no_guess(capsys):
    """A wrong guess is worse than none."""
    _, _, err = run(capsys, "mount")

    assert err == "fonoteca: There is no command `mount`. `fonoteca --help` lists them all.\n"


def test_a_wrong_option_is_a_usage_error_with_the_way_to_help(capsys):
    """Exit 2, one sentence, no traceback."""
    code, out, err = run(capsys, "verify", "--levle", "size")

    assert (code, out) == (2, "")
    assert "--levle" in err
    assert "`fonoteca verify --help`" in err


def test_under_json_errors_are_json_too(capsys):
    """A program that reads stdout learns what went wrong, whatever it was."""
    code, out, err = run(capsys, "config", "check", "--json")

    line = json.loads(out)
    assert (code, err) == (2, "")
    assert (line["type"], line["kind"], line["exit_code"]) == ("error", "UsageError", 2)
    assert line["schema_version"] == 1


def test_a_wrong_config_gives_its_problems_to_a_program(capsys, own_config):
    """Each with line, path, what was found and what is expected."""
    own_config.write_text('[library.music]\npath = 3\n[location.red]\npath = "/r"\nremovable = "yes"\n')

    code, out, _ = run(capsys, "config", "check", "--json")

    problems = json.loads(out)["problems"]
    assert code == 2
    assert [problem["line"] for problem in problems] == [2, 5]


@pytest.mark.parametrize(
    "words", [["--json", "config", "path"], ["config", "--json", "path"], ["config", "path", "--json"]]
)
def test_global_flags_are_good_before_and_after_the_command(capsys, own_config, words):
    """Nobody remembers where a flag belongs."""
    code, out, _ = run(capsys, *words)

    assert (code, json.loads(out)["config"]) == (0, str(own_config))


def test_config_option_wins_over_the_environment(capsys, tmp_path):
    """What is typed now is meant."""
    path = str(tmp_path / "other.toml")

    assert run(capsys, "config", "path", "--config", path) == (0, f"{path}\n", "")


def test_a_fault_of_ours_is_a_sentence_and_a_traceback_only_on_request(capsys, monkeypatch):
    """A stack trace helps no listener; FONOTECA_DEBUG=1 helps whoever repairs it."""
    monkeypatch.setattr("fonoteca.cli.app.invoke", lambda *_: 1 / 0)

    code, _, err = run(capsys, "status")
    monkeypatch.setenv("FONOTECA_DEBUG", "1")
    _, _, debug = run(capsys, "status")

    assert (code, "Traceback" in err, "ZeroDivisionError" in err) == (1, False, True)
    assert "Traceback" in debug


def test_a_reader_that_goes_away_ends_us_quietly():
    """`fonoteca --help | head -0` prints no complaint."""
    command = (
        f"{sys.executable} -c 'import fonoteca.cli.main as m; m.run()' --help | true; echo ${{PIPESTATUS[0]}}"
    )

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "141"}


def test_names_that_are_not_utf8_pass_through_the_command_line(capsys):
    """A path from the shell is bytes, whatever they are."""
    from fonoteca.cli.options import as_bytes

    assert as_bytes("caf\udce9.mp3") == b"caf\xe9.mp3"
