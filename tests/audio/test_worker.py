"""The analyst: what hangs, dies or devours is lost alone."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.audio import task, worker
from fonoteca.audio.limits import file_seconds, sound_seconds
from fonoteca.audio.model import Changed, Job, NotAudio, Outcome, Tagged, Unreadable
from fonoteca.audio.worker import Analyst
from fonoteca.core.entry import FileStat
from fonoteca.core.sound import Soundness
from fonoteca.errors import Interrupted
from support.audio import make_audio
from support.crafted import greedy_flac, musepack_that_hangs
from support.dying import die_at_once, hear_or_die, hear_or_stick, read_or_die, read_or_stick
from support.faults import cut_short


@pytest.fixture(autouse=True)
def spawning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes begin as in a person's run."""
    monkeypatch.setattr(worker, "START_METHOD", "spawn")


def _job(path: Path, key: int) -> Job:
    stat = path.stat()
    return Job(
        os.fsencode(path), FileStat(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino), key
    )


def _outcomes(analyst: Analyst, paths: list[Path]) -> dict[str, Outcome]:
    with analyst:
        found = {
            each.key: each.outcome
            for each in analyst.analyse(_job(path, key) for key, path in enumerate(paths))
        }
    return {paths[key].name: outcome for key, outcome in found.items()}


def _songs(folder: Path, count: int = 4) -> list[Path]:
    return [
        make_audio("mp3", folder / f"{n}.mp3", seconds=0.2, tags={"TITLE": f"Song {n}"}) for n in range(count)
    ]


def _titles(outcomes: dict[str, Outcome]) -> dict[str, list[str]]:
    return {name: found.tags["TITLE"] for name, found in outcomes.items() if isinstance(found, Tagged)}


def _reason(outcome: Outcome) -> str | None:
    return outcome.reason if isinstance(outcome, Unreadable) else None


def _words(outcomes: dict[str, Outcome]) -> dict[str, Soundness | str | None]:
    """How each file's sound is, or why that is not known."""
    return {
        name: found.sound.check.soundness if found.sound is not None else found.unheard
        for name, found in outcomes.items()
        if isinstance(found, Tagged | Unreadable)
    }


def _expected(count: int = 4) -> dict[str, list[str]]:
    return {f"{n}.mp3": [f"Song {n}"] for n in range(count)}


def test_every_job_has_one_analysis(tmp_path: Path):
    """A file without an outcome would be asked for again for ever."""
    songs = _songs(tmp_path)
    note = tmp_path / "note.txt"
    note.write_text("no music")

    outcomes = _outcomes(Analyst(workers=1), [*songs, note])

    assert _expected() == _titles(outcomes)
    assert NotAudio() == outcomes["note.txt"]


def test_a_file_that_hangs_mutagen_is_lost_alone(tmp_path: Path):
    """A Musepack packet of length 0 sends mutagen round for ever."""
    hanging = tmp_path / "hang.mpc"
    hanging.write_bytes(musepack_that_hangs())
    songs = _songs(tmp_path)

    outcomes = _outcomes(Analyst(workers=1, seconds=0.5), [*songs[:2], hanging, *songs[2:]])

    assert "reading its tags took longer than 0.5 s" == _reason(outcomes["hang.mpc"])
    assert _expected() == _titles(outcomes)


def test_a_file_that_wants_too_much_memory_is_lost_alone(tmp_path: Path):
    """A header may declare four gigabytes; the machine must not pay them."""
    greedy = tmp_path / "greedy.flac"
    greedy.write_bytes(greedy_flac(0x7FFFFFF0))
    os.truncate(greedy, 3 << 30)  # sparse: the claim is true, and still too much
    songs = _songs(tmp_path)

    outcomes = _outcomes(Analyst(workers=1), [*songs[:2], greedy, *songs[2:]])

    assert "reading it takes more memory than is allowed" == _reason(outcomes["greedy.flac"])
    assert _expected() == _titles(outcomes)


def test_a_file_that_kills_its_reader_is_lost_alone(tmp_path: Path):
    """The task is split until the guilty file stands by itself."""
    songs = _songs(tmp_path)
    deadly = make_audio("mp3", tmp_path / "deadly.mp3", seconds=0.2)

    outcomes = _outcomes(Analyst(workers=1, reader=read_or_die), [*songs[:3], deadly, songs[3]])

    assert "reading its tags killed the process that did it (exit code -9)" == _reason(outcomes["deadly.mp3"])
    assert _expected() == _titles(outcomes)


def test_a_file_that_no_alarm_reaches_is_killed_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Code in C does not hear signals' handlers; the process itself is what can be ended."""
    monkeypatch.setattr(worker, "GRACE", 1.5)
    songs = _songs(tmp_path, 1)
    sticky = make_audio("mp3", tmp_path / "sticky.mp3", seconds=0.2)

    outcomes = _outcomes(Analyst(workers=1, seconds=0.6, reader=read_or_stick), [*songs, sticky])

    assert "reading its tags took longer than 2.7 s and could not be stopped" == _reason(
        outcomes["sticky.mp3"]
    )
    assert _expected(1) == _titles(outcomes)


def test_sound_is_read_beside_the_tags(tmp_path: Path):
    """One opening, one pass over the bytes: what they say, and whether they hold."""
    songs = _songs(tmp_path, 2)
    cut_short(songs[1], songs[1].stat().st_size - 300)

    outcomes = _outcomes(Analyst(workers=1), songs)

    assert {"0.mp3": Soundness.SOUND, "1.mp3": Soundness.DAMAGED} == _words(outcomes)
    assert _expected(2) == _titles(outcomes)


def test_a_file_without_readable_tags_still_has_its_sound_checked(tmp_path: Path):
    """What stops a tag reader says nothing about the music behind it."""
    song = make_audio("flac", tmp_path / "a.flac", seconds=0.5, tags={"TITLE": "T"})
    song.write_bytes(song.read_bytes().replace(b"\x05\0\0\0TITLE=", b"\xff\xff\xff\xffTITLE=", 1).replace(
        b"TITLE=T", b"\xff\xff\xff\xff\xff\xff\xff", 1))  # fmt: skip
    hanging = tmp_path / "hang.mpc"
    hanging.write_bytes(musepack_that_hangs())

    outcomes = _outcomes(Analyst(workers=1, seconds=0.5), [song, hanging])

    assert {"a.flac": Soundness.SOUND, "hang.mpc": Soundness.DAMAGED} == _words(outcomes)


@pytest.mark.parametrize(
    ("reader", "name", "why"),
    [
        (hear_or_die, "deadly.mp3", "checking its sound killed the process that did it (exit code -9)"),
        (hear_or_stick, "sticky.mp3", "checking its sound took longer than 2 s and could not be stopped"),
    ],
)
def test_a_check_that_is_killed_takes_no_tags_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: worker.Reader, name: str, why: str
):
    """Its neighbours keep tags and sound, the file itself its tags."""
    monkeypatch.setattr(worker, "GRACE", 0.5)
    songs = _songs(tmp_path, 3)
    bad = make_audio("mp3", tmp_path / name, seconds=0.2, tags={"TITLE": "Bad"})

    outcomes = _outcomes(Analyst(workers=1, seconds=0.5, reader=reader), [*songs[:2], bad, songs[2]])

    assert _expected(3) | {name: ["Bad"]} == _titles(outcomes)
    assert dict.fromkeys(_expected(3), Soundness.SOUND) | {name: why} == _words(outcomes)


def test_a_large_file_has_more_time_for_its_sound():
    """Four gigabytes cannot be read in the ten seconds that are plenty for tags."""
    assert (10.0, 410.0, 0.0) == (sound_seconds(10, 0), sound_seconds(10, 4 * 10**9), sound_seconds(0, 10**9))
    assert (420.0, 10.0) == (file_seconds(10, 4 * 10**9), file_seconds(10, 4 * 10**9, hear=False))


def test_waiting_for_a_long_check_can_be_stopped(tmp_path: Path):
    """Ctrl-C must not wait for a gigabyte."""
    sticky = make_audio("mp3", tmp_path / "sticky.mp3", seconds=0.2)

    def stop() -> None:
        raise Interrupted

    with pytest.raises(Interrupted), Analyst(workers=1, reader=hear_or_stick, pause=stop) as analyst:
        list(analyst.analyse([_job(sticky, 1)]))

    assert [] == multiprocessing.active_children()


def test_a_reader_that_cannot_live_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where no process can be kept running every file is a finding, and the run comes to its end."""
    monkeypatch.setattr(task, "limit_memory", die_at_once)

    outcomes = _outcomes(Analyst(workers=1), _songs(tmp_path, 2))

    reason = Unreadable("the process that reads tags cannot be kept running")
    assert {"0.mp3": reason, "1.mp3": reason} == outcomes


def test_a_changed_file_is_told_across_the_border(tmp_path: Path):
    """The caller looks at it again at the end of its run."""
    (song,) = _songs(tmp_path, 1)
    job = _job(song, 7)
    os.utime(song, ns=(0, 0))

    with Analyst(workers=1) as analyst:
        found = list(analyst.analyse([job]))

    assert [(7, Changed())] == [(each.key, each.outcome) for each in found]


def test_a_long_input_is_taken_as_results_are_taken(tmp_path: Path):
    """A million files must not be held at once."""
    (song,) = _songs(tmp_path, 1)
    taken = 0

    def jobs() -> Iterator[Job]:
        nonlocal taken
        for taken in range(1, 2001):
            yield _job(song, taken)

    with Analyst(workers=1) as analyst:
        next(analyst.analyse(jobs()))

        assert taken <= (2 * 1 + 2) * worker.TASK_FILES


def test_no_process_is_started_for_nothing_and_none_is_left(tmp_path: Path):
    """A run without new music pays nothing; afterwards a daemon is as small as before."""
    with Analyst(workers=1) as analyst:
        assert [] == list(analyst.analyse([]))
        assert [] == multiprocessing.active_children()
        list(analyst.analyse([_job(_songs(tmp_path, 1)[0], 1)]))

        assert [] == multiprocessing.active_children()


def test_more_jobs_may_follow_after_the_end(tmp_path: Path):
    """A daemon keeps one analyst for all its days."""
    songs = _songs(tmp_path, 2)
    with Analyst(workers=1) as analyst:
        first = [each.key for each in analyst.analyse([_job(songs[0], 1)])]
        second = [each.key for each in analyst.analyse([_job(songs[1], 2)])]

    assert ([1], [2]) == (first, second)
