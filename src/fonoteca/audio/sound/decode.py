"""What a decoder says of a FLAC's sound: the MD5 in STREAMINFO, which only decoding can compare.

    check = decoded_check(source, seconds=60)      # None where the program `flac` is not installed

It finds what the frames' own checksums cannot: a file that was encoded from bad memory, or put together from whole
frames that are not its own.
"""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import tempfile
from functools import cache
from time import monotonic

from fonoteca.audio.sound.around import blocks, sound_span
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

_MISMATCH = b"MD5 signature mismatch"
_UNSET = b"cannot check MD5"
_LONG = 1 << 12
"""Bytes of what it says that are looked at."""
_PIPE = 1 << 16


@cache
def decoder() -> str | None:
    """The path of the program `flac`; None where there is none."""
    return shutil.which("flac")


def decoded_check(source: Source, *, seconds: float) -> SelfCheck | None:
    """`flac --test` over the sound without the tags around it, ended after so many seconds.

    `SOUND` where it decodes and the MD5 holds, `DAMAGED` where the MD5 differs; `NO_CHECK` where none is set, where
    it does not decode to its end (the frames' own checks say where it is damaged) or where time ran out. None where
    there is no program to ask. Raises OSError as the file gives it.
    """
    program = decoder()
    if program is None:
        return None
    deadline = monotonic() + seconds
    with tempfile.TemporaryFile() as said:
        command = [program, "--test", "--silent", "-"]
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env={"LC_ALL": "C"}
        )
        try:
            _feed(child, source, deadline)
            failed = child.wait(max(0.0, deadline - monotonic())) != 0
        except subprocess.TimeoutExpired:
            return SelfCheck(Soundness.NO_CHECK, f"decoding it takes longer than {seconds:g} s")
        finally:
            _end(child)
        said.seek(0)
        return _outcome(said.read(_LONG), failed=failed)


def settled(source: Source, sound: Sound, *, seconds: float) -> Sound:
    """A FLAC's sound, with the decoder's word where the frames' own checks leave a doubt.

    That is where they end in `STRUCTURE` (the number of samples is not declared, or something lies behind the last
    frame) and an MD5 is declared. Elsewhere decoding would cost three times as much as everything else, and find
    only what went wrong before the file was first written.
    """
    if sound.check.soundness is not Soundness.STRUCTURE or sound.lossless is None:
        return sound
    said = decoded_check(source, seconds=seconds)
    if said is None or said.soundness is Soundness.NO_CHECK:
        return sound
    check = SelfCheck(said.soundness, f"{sound.check.detail}; {said.detail}", sound.check.at)
    return sound._replace(check=check)


def _feed(child: subprocess.Popen[bytes], source: Source, deadline: float) -> None:
    """Everything into its standard input. Raises TimeoutExpired."""
    assert child.stdin is not None
    pipe, span = child.stdin.fileno(), sound_span(source)
    os.set_blocking(pipe, False)
    with selectors.DefaultSelector() as ready, child.stdin:
        ready.register(pipe, selectors.EVENT_WRITE)
        for block in blocks(source, span.start, span.end):
            place = 0
            while place < len(block):
                if not ready.select(max(0.0, deadline - monotonic())):
                    raise subprocess.TimeoutExpired(child.args, 0)
                try:
                    place += os.write(pipe, memoryview(block)[place : place + _PIPE])
                except BrokenPipeError:  # it has seen enough, and says why on its standard error
                    return
                except BlockingIOError:  # less room than a pipe's page; select waits for more
                    continue


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.kill()
        child.wait()


def _outcome(said: bytes, *, failed: bool) -> SelfCheck:
    if _MISMATCH in said:
        return SelfCheck(
            Soundness.DAMAGED, "the MD5 of the decoded sound is not the one that the file declares"
        )
    if failed:
        return SelfCheck(Soundness.NO_CHECK, "it does not decode to its end")
    if _UNSET in said:
        return SelfCheck(Soundness.NO_CHECK, "it declares no MD5 of its sound")
    return SelfCheck(Soundness.SOUND, "the MD5 of the decoded sound holds")
