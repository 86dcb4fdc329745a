"""Where `fonoteca` begins, and the only place that picks its exit code.

Worker processes import this module again when they are spawned, and `--version` has nothing to wait for:
so nothing is imported here before it is needed.
"""

from __future__ import annotations

import gc
import sys

_COLLECT_SELDOM = (50_000, 20, 50)
"""Values made for each of 100,000 files live for a moment and form no cycles: looking for some 70 times as often, as is
the default, costs a tenth of all the time."""


def run() -> None:
    """The console entry."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Whatever is raised ends here, as a sentence."""
    from fonoteca.cli.output import watch_stdout

    gc.set_threshold(*_COLLECT_SELDOM)
    for stream in (sys.stdout, sys.stderr):
        _forgive(stream)
    watch_stdout()
    if arguments[:1] in (["--version"], ["-V"]):
        return _version(arguments)
    from fonoteca.cli.stopping import Stop

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


def _version(arguments: list[str]) -> int:
    """Answered without looking at anything else."""
    from fonoteca import __version__

    try:
        print(f"fonoteca {__version__}", flush=True)
    except BrokenPipeError:
        return _hung_up()
    except Exception as error:  # noqa: BLE001  as in `main`
        return _fail(error, arguments)
    return 0


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
        case errors.Paused():
            return ExitCode.BUDGET
        case errors.Away() | errors.LibraryAway():
            return ExitCode.AWAY
        case errors.LocationError() | errors.LibraryError() | errors.OutputFailed():
            return ExitCode.INCOMPLETE
        case _:
            return ExitCode.INTERNAL


def _fail(error: Exception, arguments: list[str]) -> int:
    """Say what stopped us, as a JSON line under `--json`, else as a sentence on stderr."""
    import os
    from contextlib import suppress

    from fonoteca.cli.failing import say
    from fonoteca.cli.output import give_up_stdout
    from fonoteca.errors import OutputFailed

    code = exit_code(error)
    if os.environ.get("FONOTECA_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    try:
        say(error, code, as_json=_asks_for_json(arguments) and not isinstance(error, OutputFailed))
        sys.stdout.flush()
    except BrokenPipeError:
        _hung_up()
    except (OSError, OutputFailed):
        # stdout cannot be written (its disk is full, say): stderr may still be read by someone
        if not isinstance(error, OutputFailed):
            with suppress(OSError):
                say(error, code, as_json=False)
        give_up_stdout()
    return code


def _asks_for_json(arguments: list[str]) -> bool:
    """True also where the command line could not be understood."""
    return "--json" in arguments[: arguments.index("--")] if "--" in arguments else "--json" in arguments


def _hung_up() -> int:
    """Whoever read our output went away (`… | head`): end quietly, as other commands do (128 + SIGPIPE)."""
    from fonoteca.cli.output import give_up_stdout

    give_up_stdout()
    return 128 + 13


def _forgive(stream: object) -> None:
    """A terminal that cannot show a letter gets its escape, never an exception."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
