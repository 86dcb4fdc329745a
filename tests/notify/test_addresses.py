"""Addresses are secrets: read from where only their owner can read, and in no text of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from fonoteca.config.model import Notify
from fonoteca.notify.addresses import LACKING, addresses, label, wrong


def test_files_and_variables_add_up(tmp_path: Path) -> None:
    """Comments and empty lines are no addresses."""
    (tmp_path / "urls").write_text("# mail\nmailto://one\n\n  ntfy://two  \n")
    (tmp_path / "ping").write_text("https://ping\n")
    (tmp_path / "urls").chmod(0o600)
    (tmp_path / "ping").chmod(0o600)
    known = Notify(str(tmp_path / "urls"), "URLS", str(tmp_path / "ping"), None)
    found = addresses(known, {"URLS": "json://three\njson://four"})

    assert ("mailto://one", "ntfy://two", "json://three", "json://four") == found.urls
    assert "https://ping" == found.ping
    assert ((), ()) == (found.problems, found.notes)


def test_what_cannot_be_read_is_a_problem_and_the_rest_counts(tmp_path: Path) -> None:
    """A forgotten file takes no other address with it."""
    (tmp_path / "empty").write_text("# nothing yet\n")
    (tmp_path / "noise").write_bytes(b"\xff\xfe")
    known = Notify(str(tmp_path / "away"), "URLS", str(tmp_path / "noise"), "PING")
    found = addresses(known, {"URLS": "json://one"})

    assert ("json://one",) == found.urls
    assert (
        f"{tmp_path}/away cannot be read: No such file or directory",
        f"{tmp_path}/noise is not text",
        "the variable PING holds no address",
    ) == found.problems
    empty = addresses(Notify(urls_file=str(tmp_path / "empty")), {})
    assert (f"{tmp_path}/empty holds no address",) == empty.problems


def test_a_missing_extra_is_said_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`config check` names the command; without an address nobody needs it."""
    monkeypatch.setattr("fonoteca.notify.addresses.find_spec", lambda name: None)

    assert [LACKING] == wrong(Notify(urls_env="URLS"), {"URLS": "json://one"})
    assert [] == wrong(Notify(), {})


def test_nothing_that_prints_them_shows_them() -> None:
    """A traceback is a text too."""
    found = addresses(
        Notify(urls_env="URLS", ping_env="PING"), {"URLS": "json://s3cret", "PING": "https://s3cret"}
    )

    assert "s3cret" not in repr(found)


def test_a_label_names_the_kind_alone() -> None:
    """And nothing of a line that is no address."""
    assert "address 1 (mailto)" == label(1, "mailto://ana:secret@h")
    assert "address 2 (not an address)" == label(2, "my secret topic")
    assert "address 3 (not an address)" == label(3, "a secret with://")
