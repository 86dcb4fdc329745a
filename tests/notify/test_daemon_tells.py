"""What the daemon tells, and when: with real servers, and a clock of ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.daemon import worker
from fonoteca.daemon.work import Scan
from fonoteca.errors import CatalogueUnwritable
from fonoteca.tasks.status import status
from fonoteca.tasks.verify import verify
from support.archives import Home, flip_byte, ran
from support.keepers import Hands, Keeper, keeper, settings
from support.servers import Web, free_port, hanging, web

DAY_S = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive whose copies stand."""
    made = Home(tmp_path)
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    made.backup()
    return made


def tell(home: Home, *urls: str, ping: str = "", **more: str) -> None:
    """Name these addresses in files of the config's, as a person does."""
    notify = dict(more)
    for name, lines in {"urls": urls, "ping": (ping,) if ping else ()}.items():
        if lines:
            path = home.base / f"notify.{name}"
            path.write_text("# mine\n\n" + "\n".join(lines) + "\n")
            path.chmod(0o600)
            notify[f"{name}_file"] = str(path)
    settings(home, schedule={"scan": "1 day", "scrub": "0 0 1 1 *", "drill": "off", "report": "off"})
    settings(home, notify=notify)
    with Path(home.config_path).open("a") as config:
        config.write(
            "\n[policy]\ncopies = 0\n"
        )  # one disk holds library and location: no copy counts apart here


def titles(server: Web) -> list[str]:
    """Of all notices, without the machine's name."""
    return [each.json["title"].split(": ", 1)[1] for each in server.got if b"title" in each.body]


def told(one: Keeper) -> None:
    """Until nothing is due and nothing is under way to anybody."""
    one.rest()
    herald = one.daemon.telling.herald

    def is_told() -> bool:
        busy = herald._under_way or herald._ping or herald._pings or herald.is_dirty
        return not busy and not (herald._wants_telling and herald._not_before <= one.daemon.clock.monotonic())

    one.until(is_told, advancing=False)


def scanned(one: Keeper) -> None:
    """Everything is looked at once more."""
    one.daemon.agenda.scan_reason = "test"
    told(one)


def verified(home: Home) -> None:
    """All of red is read again, by nobody who asks the daemon first."""
    with Archive.open(home.config, Access.WRITE, asks=False) as archive:
        ran(verify(archive, ["red"]))


def lived(one: Keeper, days: float) -> None:
    """Half a day after the other."""
    for _ in range(round(days * 2)):
        one.hands.advance(DAY_S / 2)
        told(one)


def test_the_first_full_protection_is_told_once(home: Home) -> None:
    """The best news of all, and then silence; also after a restart, and after edits."""
    with web() as server:
        tell(home, server.url("json"))
        hands = Hands()
        with keeper(home, hands=hands) as one:
            told(one)
            home.write("Nina/1.jpg", b"edited by hand")
            told(one)
            lived(one, 1)
        with keeper(home, hands=hands) as one:
            told(one)

        assert ["Your music is fully protected for the first time"] == titles(server)


def test_damage_is_told_once_then_daily_then_its_end(home: Home) -> None:
    """A person hears of it, is reminded, and hears that it is over."""
    with web() as server:
        tell(home, server.url("json"))
        with keeper(home) as one:
            told(one)
            kept = (home.place() / "music/Nina/1.jpg").read_bytes()
            home.exclude("Nina/1.jpg")  # so that no backup puts it right at once
            one.daemon.reload()
            told(one)
            flip_byte(home.place() / "music/Nina/1.jpg")
            verified(home)
            before = len(server.got)
            scanned(one)
            begun = titles(server)[before:]
            scanned(one)
            quiet = titles(server)[before + len(begun) :]
            lived(one, 1)
            daily = titles(server)[before + len(begun) :]
            (home.place() / "music/Nina/1.jpg").write_bytes(kept)
            verified(home)
            scanned(one)

        assert ["Damage found"] == begun
        assert [] == quiet
        assert ["Damage found: it lasts"] == daily
        assert "Damage repaired" == titles(server)[-1]
        text = server.got[before].json["message"]
        assert "1 copy is damaged at red, and nothing known can repair that." in text
        assert "music/Nina/1.jpg at red: expected sha256" in text
        assert "Is anything lost? Yes, as far as is known here" in text
        assert "What to do:  fonoteca verify red" in text


def test_damage_that_one_run_found_and_put_right_is_told(home: Home) -> None:
    """Nothing has to be done, and a drive that forgets is still news."""
    with web() as server:
        tell(home, server.url("json"))
        with keeper(home) as one:
            told(one)
            flip_byte(home.place() / "music/Nina/1.jpg")
            verified(home)
            scanned(one)

        assert "Damage repaired" == titles(server)[-1]
        text = server.got[-1].json["message"]
        assert (
            "1 file at red had been damaged or missing, and is right again.\n  music/Nina/1.jpg at red"
            in text
        )


def test_a_server_that_refuses_is_said_and_shown_and_tried_again(home: Home) -> None:
    """The backup stands, `status` says that nobody hears of it, and what was to be told is told later."""
    port = free_port()
    with keeper_that_tells(home, f"json://127.0.0.1:{port}/s3cret") as one:
        told(one)
        assert (home.place() / "music/Nina/1.jpg").exists()
        assert "Notices do not arrive (address 1 (json)" in one.said
        assert "s3cret" not in one.said
        warnings = " ".join(standing(home))
        assert "notices do not arrive (address 1 (json)" in warnings
        assert "s3cret" not in warnings

        with web() as server:
            (home.base / "notify.urls").write_text(server.url("json"))
            one.hands.advance(3600)
            told(one)

            assert ["Your music is fully protected for the first time"] == titles(server)
            assert "Notices arrive again." in one.said
            assert not [each for each in standing(home) if "notices" in each]


@contextmanager
def keeper_that_tells(home: Home, *urls: str, ping: str = "") -> Iterator[Keeper]:
    """A daemon whose config names these."""
    tell(home, *urls, ping=ping)
    with keeper(home) as one:
        yield one


def standing(home: Home) -> tuple[str, ...]:
    """What `status` warns of."""
    with Archive.open(home.config, Access.READ) as archive:
        return status(archive).warnings


def test_the_switch_hears_of_each_cycle(home: Home) -> None:
    """Somebody else notices when the daemon is no more."""
    with web() as server:
        with keeper_that_tells(home, ping=server.url("http", "uuid")) as one:
            told(one)
            one.hands.advance(DAY_S + 60)
            told(one)

        assert ["/uuid/start", "/uuid", "/uuid/start", "/uuid"] == server.paths
        assert b"Archive: safe" == server.got[1].body
        assert 2 == len(one.did(Scan))


def test_the_switch_hears_of_a_failure(home: Home) -> None:
    """A cycle that found damage is no success."""
    with web() as server:
        with keeper_that_tells(home, ping=server.url("http", "uuid")) as one:
            told(one)
            flip_byte(home.place() / "music/Nina/1.jpg")
            verified(home)
            one.hands.advance(DAY_S + 60)
            told(one)

        assert "/uuid/fail" in server.paths


def test_a_switch_that_refuses_harms_nothing(home: Home) -> None:
    """It is said, and the music is copied."""
    with keeper_that_tells(home, ping=f"http://127.0.0.1:{free_port()}/uuid-1") as one:
        told(one)

        assert (home.place() / "music/Nina/1.jpg").exists()
        assert "Notices do not arrive (the dead-man's switch" in one.said
        assert "uuid-1" not in one.said


def test_a_run_that_fails_is_told_and_that_it_works_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing could be looked at."""

    def full(*given: object) -> object:
        raise CatalogueUnwritable("/c", "No space left on device")

    with web() as server, keeper_that_tells(home, server.url("json")) as one:
        with monkeypatch.context() as patch:
            patch.setattr(worker, "events", full)
            one.until(lambda: titles(server))
        one.hands.advance(3600)
        told(one)

        assert "A run failed" == titles(server)[0]
        assert "No space left on device" in server.got[0].json["message"]
        assert "A run failed: it is over" in " ".join(titles(server))


def test_a_server_that_hangs_delays_no_music(home: Home) -> None:
    """Nobody waits for it; it is said when its time is over."""
    with hanging() as port, keeper_that_tells(home, f"json://127.0.0.1:{port}/") as one:
        herald = one.daemon.telling.herald
        one.until(lambda: herald._under_way)
        home.write("Nina/new.jpg", b"new music")
        one.until(lambda: (home.place() / "music/Nina/new.jpg").exists())
        assert herald._under_way
        herald._under_way[0].cancel()  # its half minute is over
        one.until(lambda: "Notices do not arrive (address 1 (json): it did not answer in time)" in one.said)


def test_to_stop_waits_for_nobody(home: Home) -> None:
    """Five seconds are what a service manager was promised."""
    with hanging() as port:
        with keeper_that_tells(home, f"json://127.0.0.1:{port}/", ping=f"http://127.0.0.1:{port}/") as one:
            one.until(lambda: one.daemon.telling.herald._under_way)
            began = time.monotonic()
        assert time.monotonic() - began < 5


def test_what_was_told_is_written_when_nobody_else_writes(home: Home) -> None:
    """A command that works at that moment is neither disturbed nor waited for."""
    with web() as server, keeper_that_tells(home, server.url("json")) as one:
        one.rest()
        herald = one.daemon.telling.herald
        with Archive.open(home.config, Access.WRITE, asks=False):
            herald.is_dirty = True
            one.until(lambda: titles(server), advancing=False)
            one.step()
            assert herald.is_dirty
        one.until(lambda: not herald.is_dirty, advancing=False)


def test_a_report_comes_by_the_clock(home: Home) -> None:
    """Each week, with what `status` says."""
    with web() as server:
        tell(home, server.url("json"))
        config = Path(home.config_path)
        config.write_text(config.read_text().replace('report = "off"', 'report = "1 day"'))
        with keeper(home) as one:
            told(one)
            one.hands.advance(DAY_S + 60)
            told(one)

        assert "Report" == titles(server)[-1]
        assert "Archive: safe." in server.got[-1].json["message"]


def test_figures_are_written_after_each_cycle(home: Home) -> None:
    """Of success as of failure."""
    file = home.base / "fonoteca.prom"
    settings(home, metrics={"file": str(file)})
    with keeper(home) as one:
        told(one)
        first = file.read_text()
        home.write("Nina/new.jpg", b"new music")
        told(one)

    assert 'fonoteca_library_entries{library="music"} 3' in first
    assert 'fonoteca_library_entries{library="music"} 4' in file.read_text()
    assert "fonoteca_last_cycle_success 1" in first


def test_a_hold_is_told_with_the_commands_that_end_it(home: Home) -> None:
    """Once, with its id."""
    for number in range(3):
        (home.base / f"music/Nina/{number}.jpg").unlink()
    with web() as server, keeper_that_tells(home, server.url("json")) as one:
        told(one)
        scanned(one)

    assert ["Held: your word is needed"] == titles(server)
    assert "fonoteca hold accept removed-" in server.got[0].json["message"]
