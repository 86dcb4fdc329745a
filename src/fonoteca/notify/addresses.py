"""Where notices go: addresses that hold secrets, from files and variables that the config names. Never logged.

# ~/.config/fonoteca/notify.urls
mailto://ana:secret@mail.example.org?to=ana@example.org
ntfys://ntfy.example.org/my-music
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from fonoteca.config.model import Notify

_LARGEST = 1 << 20

LACKING = "The extra [notify] is not installed, so no notice is sent: `pip install 'fonoteca[notify]'`."


@dataclass(frozen=True, slots=True)
class Addresses:
    """Secrets, read anew each time that they are needed. `problems` are sentences without any."""

    urls: tuple[str, ...] = field(default=(), repr=False)
    ping: str | None = field(default=None, repr=False)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def addresses(notify: Notify, environ: Mapping[str, str]) -> Addresses:
    """All that the config leads to. What cannot be read is a problem; the rest counts."""
    problems: list[str] = []
    urls = [*_of_file(notify.urls_file, problems), *_of_variable(notify.urls_env, environ, problems)]
    pings = [*_of_file(notify.ping_file, problems), *_of_variable(notify.ping_env, environ, problems)]
    files = [each for each in (notify.urls_file, notify.ping_file) if each is not None]
    return Addresses(tuple(urls), next(iter(pings), None), tuple(problems), tuple(_open_to_others(files)))


def wrong(notify: Notify, environ: Mapping[str, str]) -> list[str]:
    """What keeps notices from being sent, as far as can be told without sending any; a sentence each."""
    found = addresses(notify, environ)
    lacking = [LACKING] if found.urls and find_spec("apprise") is None else []
    return [*(f"{problem}." for problem in found.problems), *lacking, *found.notes]


def label(number: int, url: str) -> str:
    """What an address is called in front of others: `address 2 (mailto)`."""
    scheme, found, _ = url.partition("://")
    kind = scheme if found and scheme.isalnum() and len(scheme) < 20 else "not an address"
    return f"address {number} ({kind})"


def _of_file(path: str | None, problems: list[str]) -> list[str]:
    if path is None:
        return []
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read(_LARGEST).splitlines()
    except OSError as error:
        problems.append(f"{path} cannot be read: {error.strerror}")
        return []
    except UnicodeDecodeError:
        problems.append(f"{path} is not text")
        return []
    found = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        problems.append(f"{path} holds no address")
    return found


def _of_variable(name: str | None, environ: Mapping[str, str], problems: list[str]) -> list[str]:
    if name is None:
        return []
    found = environ.get(name, "").split()
    if not found:
        problems.append(f"the variable {name} holds no address")
    return found


def _open_to_others(paths: list[str]) -> Iterator[str]:
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except OSError:
            continue  # said as a problem already
        if mode & 0o077:
            yield f"{path} can be read by others: `chmod 600 {path}`."
