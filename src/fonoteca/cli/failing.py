"""How what stopped us is said: to a person on stderr, to a program as the stream's last JSON line."""

from __future__ import annotations

import sys
import uuid

from fonoteca.errors import ConfigError, FonotecaError
from fonoteca.render.words import safe, safe_lines


def say(error: Exception, code: int, *, as_json: bool) -> None:
    """Print `error`, which ends the command with `code`."""
    if not as_json:
        sys.stderr.write(f"fonoteca: {sentence(error)}\n")
        return
    from fonoteca.render.lines import Lines

    Lines(sys.stdout.write, uuid.uuid4().hex).line("error", fields(error, code))
    sys.stdout.flush()


def sentence(error: Exception) -> str:
    """What happened, for a person. Only our own errors form sentences; any other is a fault of ours."""
    if isinstance(error, FonotecaError):
        return safe_lines(str(error))
    return (
        f"Something in fonoteca itself went wrong ({type(error).__name__}: {safe(str(error))}). "
        f"What was finished stands. FONOTECA_DEBUG=1 shows where; please report it."
    )


def fields(error: Exception, code: int) -> dict[str, object]:
    """The `error` line: `kind` is the error's name; a wrong config lists its problems."""
    line: dict[str, object] = {"kind": type(error).__name__, "message": str(error), "exit_code": int(code)}
    if isinstance(error, ConfigError):
        line["problems"] = [
            {"line": problem.line, "path": problem.path, "found": problem.found, "expected": problem.expected}
            for problem in error.problems
        ]
    return line
