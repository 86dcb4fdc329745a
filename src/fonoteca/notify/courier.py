"""The process that goes out: one job on stdin, a line of JSON for each address on stdout. It may be killed at any time.

    python -m fonoteca.notify.courier
    < {"urls": ["mailto://…"], "title": "…", "body": "…", "ping": null, "patience_s": 25}
    > {"address": 1, "ok": false, "reason": "connection refused"}
    > {"address": 0, "ok": true, "reason": ""}            the ping

Secrets come by stdin, so that no list of processes shows them, and no reason that goes back holds one.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from time import monotonic
from typing import Any
from urllib.parse import unquote, urlsplit

_SHORTEST_SECRET = 3
_LONGEST_REASON = 200
_WORDS = re.compile(r"[:/?#@&=,;+\s]+")


def main() -> int:
    """Do the job on stdin."""
    job = json.load(sys.stdin)
    threads = [
        threading.Thread(target=_send, args=(number, url, job["title"], job["body"]), daemon=True)
        for number, url in enumerate(job["urls"], 1)
    ]
    if job["ping"]:
        threads.append(threading.Thread(target=_ping, args=(job["ping"], job["body"]), daemon=True))
    for each in threads:
        each.start()
    deadline = monotonic() + job["patience_s"]
    for each in threads:
        each.join(max(deadline - monotonic(), 0.0))
    # Whoever hangs is left behind: the interpreter's own end would wait for what runs within.
    os._exit(0)


def _send(number: int, url: str, title: str, body: str) -> None:
    try:
        import apprise
    except ImportError:
        _answer(number, "the extra [notify] is not installed: `pip install 'fonoteca[notify]'`")
        return
    heard = _Heard()
    logging.getLogger("apprise").addHandler(heard)
    server = apprise.Apprise()
    if not server.add(url):
        _answer(number, "apprise does not understand this address")
        return
    try:
        is_delivered = bool(server.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
    except Exception as error:  # noqa: BLE001  a hundred services, each with errors of its own: any is a reason
        _answer(number, masked(str(error) or type(error).__name__, url))
        return
    _answer(number, "" if is_delivered else masked(heard.last or "it was not delivered", url))


class _Heard(logging.Handler):
    """What apprise says in this thread: why something was not delivered."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.thread = threading.get_ident()
        self.last = ""
        logging.getLogger("apprise").setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread and ("xception" in record.msg or record.levelno >= logging.WARNING):
            self.last = " ".join(part for part in (self.last, record.getMessage()) if part)


def masked(reason: str, url: str) -> str:
    """A reason without anything of the address but its kind, server and port.

    >>> masked("login of ana:s3cret at mail.example.org:25 refused", "mailto://ana:s3cret@mail.example.org:25")
    'login of ***:*** at mail.example.org:25 refused'
    """
    parts = urlsplit(url)
    try:
        known = {parts.scheme, parts.hostname or "", str(parts.port or "")}
    except ValueError:
        known = {parts.scheme}
    words = {each for each in _WORDS.split(url) if len(each) >= _SHORTEST_SECRET and each not in known}
    for secret in sorted(words | {unquote(each) for each in words}, key=len, reverse=True):
        reason = reason.replace(secret, "***")
    return " ".join(reason.split())[:_LONGEST_REASON]


def _ping(url: str, body: str) -> None:
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    if not url.startswith(("https://", "http://")):
        _answer(0, "its address begins with neither https:// nor http://")
        return
    try:
        asked = Request(url, data=body.encode(), headers={"User-Agent": "fonoteca"})
        with urlopen(asked, timeout=10):
            _answer(0, "")
    except HTTPError as error:
        _answer(0, f"its server answered {error.code}")
    except URLError as error:
        _answer(0, masked(str(error.reason), url))
    except (OSError, ValueError) as error:
        _answer(0, masked(str(error) or type(error).__name__, url))


_lock = threading.Lock()


def _answer(number: int, reason: str) -> None:
    line: dict[str, Any] = {"address": number, "ok": not reason, "reason": reason}
    with _lock:
        os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
