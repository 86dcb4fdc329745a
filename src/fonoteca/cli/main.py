"""Where `fonoteca` begins, and the only place that picks its exit code.

Worker processes import this module again when they are spawned, and `--version` has nothing to wait for:
so nothing is imported here before it is needed.
"""

from __future__ import annotations

import sys


def run() -> None:
    """The console entry."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Whatever is raised ends here, as a sentence."""
    if arguments[:1] in (["--version"], ["-V"]):
        from fonoteca import __version__

        print(f"fonoteca {__version__}")
        return 0
    from fonoteca.cli.stopping import Stop

    for stream in (sys.stdout, sys.stderr):
        _forgive(stream)
    with Stop() as stop:
        try:
            from fonoteca.cli.app import invoke

            code = invoke(arguments, stop)
            sys.stdout.flush()
        except BrokenPipeError:
            return _hung_up()
        except KeyboardInterrupt:
            from fonoteca.errors import Interrupted

            return _fail(Interrupted(), arguments)
        except Exception as error:  # noqa: BLE001  the last stop: whatever it is becomes a sentence and a code
            return _fail(error, arguments)
    return code


def exit_code(error: BaseException) -> int:
    """The code of section 6 of the design for what was raised. Unknown means failure."""
    from fonoteca import errors
    from fonoteca.core.report import ExitCode

    match error:
        case errors.Interrupted():
            return 128 + error.signal_number
        case errors.UsageError():
            return ExitCode.USAGE
        case errors.Locked():
            return ExitCode.LOCKED
        case errors.Away() | errors.LibraryAway():
            return ExitCode.AWAY
        case errors.LocationError() | errors.LibraryError():
            return ExitCode.INCOMPLETE
        case _:
            return ExitCode.INTERNAL


def _fail(error: Exception, arguments: list[str]) -> int:
    """Say what stopped us, as a JSON line under `--json`, else as a sentence on stderr."""
    import os

    from fonoteca.cli.failing import say

    code = exit_code(error)
    if os.environ.get("FONOTECA_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    try:
        say(error, code, as_json=_asks_for_json(arguments))
    except BrokenPipeError:
        _hung_up()
    except OSError:
        # stdout cannot be written (its disk is full, say): stderr may still be read by someone
        say(error, code, as_json=False)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _asks_for_json(arguments: list[str]) -> bool:
    """True also where the command line could not be understood."""
    return "--json" in arguments[: arguments.index("--")] if "--" in arguments else "--json" in arguments


def _hung_up() -> int:
    """Whoever read our output went away (`… | head`): end quietly, as other commands do (128 + SIGPIPE)."""
    import os

    # The interpreter flushes stdout once more at its end, and would complain then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + 13


def _forgive(stream: object) -> None:
    """A terminal that cannot show a letter gets its escape, never an exception."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
