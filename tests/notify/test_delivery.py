"""Whatever a server does, a notice ends in time, and no reason holds a secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fonoteca.notify.courier import masked
from fonoteca.notify.delivery import SWITCH, TOO_SLOW, Delivery, Job, with_ending
from support.servers import free_port, hanging, mail, web

HANGS_S = 7.0
"""Beyond the four seconds after which apprise itself gives up, and enough to load it on a busy machine."""


def test_mail_and_web_get_the_same_words() -> None:
    """One message, in whatever form the person chose."""
    with mail() as post, web() as server:
        result = Delivery(Job((post.url, server.url("json", "hook")), "Damage", "one\ntwo\n")).wait()

        assert (2, {}) == (result.reached, result.failed)
        assert ["Damage"] == post.subjects
        assert "one" in post.texts[0]
        assert ("Damage", "one\ntwo") == (server.got[0].json["title"], server.got[0].json["message"].strip())


def test_a_server_that_hangs_costs_the_others_nothing() -> None:
    """It is given up when its time is over; who answers has the message."""
    with hanging() as port, web() as server:
        urls = (f"json://127.0.0.1:{port}/", server.url("json"))
        result = Delivery(Job(urls, "t", "b", f"http://127.0.0.1:{port}/", patience_s=HANGS_S)).wait()

    assert 1 == result.reached
    assert {"address 1 (json)", SWITCH} == set(result.failed)
    assert TOO_SLOW == result.failed[SWITCH]


def test_a_server_that_refuses_is_named_without_its_secrets() -> None:
    """The reason goes into a log that others read."""
    port = free_port()
    url = f"jsons://ana:s3cret-word@127.0.0.1:{port}/t0ken-in-path?key=an0ther"
    result = Delivery(Job((url,), "t", "b", f"http://127.0.0.1:{port}/uuid-of-mine")).wait()

    assert {"address 1 (jsons)", SWITCH} == set(result.failed)
    assert 0 == result.reached
    said = str(result.failed)
    assert not [each for each in ("s3cret", "t0ken", "an0ther", "uuid-of-mine") if each in said]


def test_what_is_no_address_is_said() -> None:
    """A slip of the pen is found by `notify test`, not on the day of the damage."""
    result = Delivery(Job(("nonsense", "quux://x"), "t", "b", "file:///etc/passwd")).wait()

    assert 0 == result.reached
    assert "does not understand" in result.failed["address 1 (not an address)"]
    assert "does not understand" in result.failed["address 2 (quux)"]
    assert "neither https" in result.failed[SWITCH]


def test_a_certificate_that_nobody_signed_is_not_believed(tmp_path: Path) -> None:
    """TLS is honoured, or the switch could be held by anybody on the way."""
    with web(tmp_path) as server:
        result = Delivery(Job(ping=server.url("https"))).wait()

    assert "certificate" in result.failed[SWITCH].lower()
    assert [] == server.got


def test_a_certificate_that_is_trusted_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one above fails for its certificate and for nothing else."""
    with web(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        result = Delivery(Job(ping=server.url("https"))).wait()

    assert {} == result.failed
    assert ["/"] == server.paths


def test_an_answer_that_says_no_is_a_failure() -> None:
    """404 is what a switch answers that was deleted."""
    with web() as server:
        server.code = 404
        result = Delivery(Job(ping=server.url("http", "gone"))).wait()

    assert {SWITCH: "its server answered 404"} == result.failed


@pytest.mark.parametrize(
    ("url", "ending", "expected"),
    [
        ("https://hc.example.org/uuid", "", "https://hc.example.org/uuid"),
        ("https://hc.example.org/uuid", "start", "https://hc.example.org/uuid/start"),
        ("https://hc.example.org/uuid/", "fail", "https://hc.example.org/uuid/fail"),
        ("https://hc.example.org/k/s?create=1", "fail", "https://hc.example.org/k/s/fail?create=1"),
    ],
)
def test_endings_go_behind_the_path(url: str, ending: str, expected: str) -> None:
    """Slugs carry a query."""
    assert expected == with_ending(url, ending)


def test_a_reason_keeps_kind_server_and_port() -> None:
    """What is left is enough to find the mistake."""
    url = "mailto://ana:p%40ss@mail.example.org:25/?to=ana@home.example"
    reason = masked("mailto login of ana p@ss at mail.example.org:25 for ana@home.example", url)

    assert "mailto login of *** *** at mail.example.org:25 for ***@***" == reason


def test_a_missing_extra_is_named_with_the_command_that_installs_it() -> None:
    """Whoever wrote an address wants to be told."""
    run = "runpy.run_module('fonoteca.notify.courier', None, '__main__')"
    code = f"import sys, runpy; sys.modules['apprise'] = None; {run}"
    order = b'{"urls": ["json://h"], "title": "", "body": "", "ping": null, "patience_s": 20}'
    done = subprocess.run([sys.executable, "-c", code], input=order, capture_output=True, check=False)

    assert b"pip install 'fonoteca[notify]'" in done.stdout
