"""Words that people try under `library`, `location` and `config`."""

from __future__ import annotations

import pytest

from fonoteca.cli.main import main


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("library rm", "library forget"),
        ("library remove", "library forget"),
        ("location rm", "location forget"),
        ("location delete", "location forget"),
        ("location ls", "location list"),
        ("library forgt", "library forget"),
        ("config cat", "config show"),
    ],
)
def test_a_known_word_leads_to_the_command(
    capsys: pytest.CaptureFixture[str], typed: str, meant: str
) -> None:
    """People come from git and docker."""
    assert 2 == main([*typed.split(), "music"])
    assert f"Did you mean `fonoteca {meant}`?" in capsys.readouterr().err


def test_an_unknown_word_gets_no_guess(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong guess is worse than none."""
    main(["library", "xyzzy"])

    expected = "fonoteca: There is no command `library xyzzy`. `fonoteca library --help` lists them all.\n"
    assert expected == capsys.readouterr().err
