"""Stdout, when its disk is full: the failure to write an answer is said as what it is, not as a fault of fonoteca's."""

from __future__ import annotations

import io
import sys


class Output(io.TextIOWrapper):
    """Standard output. What cannot be written raises OutputFailed; a reader that went away stays BrokenPipeError."""

    def write(self, text: str) -> int:
        """As `TextIOWrapper.write`."""
        try:
            return super().write(text)
        except OSError as error:
            raise _meaning(error) from error

    def flush(self) -> None:
        """As `TextIOWrapper.flush`."""
        try:
            super().flush()
        except OSError as error:
            raise _meaning(error) from error


def watch_stdout() -> None:
    """Make `sys.stdout` an `Output`; left as it is where it is no plain stream (a test's, an editor's)."""
    standing = sys.stdout
    if type(standing) is not io.TextIOWrapper:
        return
    encoding, buffered = standing.encoding, standing.line_buffering
    sys.stdout = Output(standing.detach(), encoding, "backslashreplace", line_buffering=buffered)


def give_up_stdout() -> None:
    """Nothing more goes there: the interpreter flushes once more at its end, and would complain."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _meaning(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    from fonoteca.errors import OutputFailed

    return OutputFailed(error.strerror or str(error))
