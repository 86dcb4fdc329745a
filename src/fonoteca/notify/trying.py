"""A test message to everybody at once, so that the first real one is not the test."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass

from fonoteca.config.model import Config
from fonoteca.core.notice import News, Topic, Turn
from fonoteca.errors import UsageError
from fonoteca.notify.addresses import addresses, label
from fonoteca.notify.delivery import SWITCH, Delivery, Job
from fonoteca.notify.wording import message

_SENTENCE = "This is a test: nothing is wrong. From here on you are told when something is, and only then."


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: by address, the reason why it was not reached, empty where it was."""

    reasons: dict[str, str]
    problems: tuple[str, ...]
    """Addresses that could not even be read."""
    notes: tuple[str, ...]


def try_all(config: Config) -> Tried:
    """Within half a minute. Raises UsageError where the config names no address."""
    if not config.notify.needs_network:
        raise UsageError(
            "The config names nobody to tell: write addresses such as mailto://… into a file, `chmod 600` it, "
            "and name it by urls_file under [notify]."
        )
    found = addresses(config.notify, os.environ)
    news = [News("test", Topic.TEST, Turn.HAPPENED, _SENTENCE)]
    words = message(news, {}, machine=socket.gethostname(), now_ns=time.time_ns())
    result = Delivery(Job(found.urls, words.title, words.body, found.ping)).wait()
    reasons = {name: result.failed.get(name, "") for name in _names(found.urls, found.ping)}
    return Tried(reasons, found.problems, found.notes)


def _names(urls: tuple[str, ...], ping: str | None) -> list[str]:
    return [*(label(number, url) for number, url in enumerate(urls, 1)), *([SWITCH] if ping else [])]
