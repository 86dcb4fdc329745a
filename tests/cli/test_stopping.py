"""Ctrl-C: gently first, at once the second time."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from fonoteca.cli.playing import heeding
from fonoteca.cli.stopping import Stop
from fonoteca.core.event import Phase, RunEnded, Sealed, Summary
from fonoteca.errors import Interrupted


@pytest.fixture(autouse=True)
def heard():
    """SIGINT as a terminal's job has it: whoever runs the tests in the background ignores it, and so would they."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_signal_only_sets_a_flag(capfd):
    """The task decides where it is safe to end."""
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)

        assert (stop.requested, stop.signal_number) == (True, signal.SIGTERM)
    assert "Stopping" in capfd.readouterr().err


def test_signals_are_given_back():
    """What was there before is there again."""
    before = signal.getsignal(signal.SIGINT)
    with Stop():
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before


def test_the_second_signal_ends_the_process_at_once():
    """A person who insists is obeyed, and the shell sees a death by that signal."""
    program = textwrap.dedent("""
        import os, signal
        from fonoteca.cli.stopping import Stop
        with Stop():
            os.kill(os.getpid(), signal.SIGINT)
            print("still here", flush=True)
            os.kill(os.getpid(), signal.SIGINT)
            print("never", flush=True)
    """)

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (-signal.SIGINT, "still here\n")


def test_an_ignored_hangup_stays_ignored():
    """`nohup fonoteca backup` outlives its terminal."""
    program = textwrap.dedent("""
        import os, signal
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        from fonoteca.cli.stopping import Stop
        with Stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            print(stop.requested)
    """)

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def stopped():
    """A user who asked to stop just now."""
    stop = Stop()
    stop.requested, stop.signal_number = True, signal.SIGINT
    return stop


def test_after_the_request_no_new_phase_begins():
    """What was under way may end; nothing else starts."""
    seen = []
    with pytest.raises(Interrupted):
        for event in heeding(
            [Sealed("red", "music", 1), Phase("copy"), Sealed("red", "music", 2)], stopped()
        ):
            seen.append(type(event))

    assert seen == [Sealed, Phase]


def test_a_task_is_closed_before_its_archive_is():
    """Its locations and threads are let go while the catalogue is still open."""
    closed = []

    def events():
        try:
            yield Phase("copy")
        finally:
            closed.append(True)

    with pytest.raises(Interrupted) as caught:
        list(heeding(events(), stopped()))

    assert (closed, caught.value.signal_number) == ([True], signal.SIGINT)


def test_a_run_that_ended_all_the_same_ended():
    """The request came after the last thing was done."""
    events = [RunEnded("backup", 0, 1.0, Summary())]

    assert list(heeding(events, stopped())) == events


def test_ctrl_c_in_a_run_says_what_stands_and_exits_130():
    """The whole way: the signal, the task that notices it, the closing report, the code."""
    program = textwrap.dedent("""
        import os, signal, sys
        import fonoteca.cli.app
        from fonoteca.cli import main
        from fonoteca.cli.face import Face, Flags
        from fonoteca.core.copy import Level
        from fonoteca.core.event import Copied, RunStarted
        from fonoteca.errors import Interrupted

        def task(stop):
            yield RunStarted("backup", "ab" * 16, 0)
            yield Copied("red", "music", b"a.flac", 1000, Level.MEDIA, "sent")
            os.kill(os.getpid(), signal.SIGINT)
            if stop.requested:
                raise Interrupted(stop.signal_number)

        def invoke(arguments, stop):
            return Face(Flags(stop)).play(task(stop))

        fonoteca.cli.app.invoke = invoke
        sys.exit(main.main(["backup"]))
    """)

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 130
    assert done.stdout.startswith("Backup: stopped. This much was finished and stands:\n  red  1 file copied")
    assert "run the same command again to continue" in done.stderr
