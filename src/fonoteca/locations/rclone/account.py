"""On whose disks a remote lies, as far as can be told: what `Identity.file_system` says of it.

>>> lies_on({"type": "webdav", "url": "https://ana@nas.lan/dav", "user": "ana"})
'rclone:webdav:nas.lan'
>>> lies_on({"type": "drive", "token": "…"})
'rclone:drive'

Two copies count apart only on distinct file systems, so what cannot be told apart is one: two folders on one server,
and two accounts of one provider that say nothing of whose they are. What a remote is called does not count: on another
machine it may have another name. A remote that wraps another (alias, crypt, …) lies where that one does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from fonoteca.disk.mounts import file_system
from fonoteca.locations.rclone.address import parts
from fonoteca.locations.rclone.client import Failure
from fonoteca.locations.rclone.remote import Remote

_WRAPPERS = ("alias", "cache", "chunker", "compress", "crypt", "hasher")
_SERVERS = ("host", "hostname", "namenode", "url", "endpoint", "auth", "server")
_ACCOUNTS = (
    "drive_id",
    "team_drive",
    "root_folder_id",
    "project_number",
    "account",
    "access_key_id",
    "user",
    "username",
)
_DEEPEST = 8


def where(remote: Remote) -> str:
    """The file system of the remote. Raises LocationError."""
    features = remote.features()
    if (features.get("Features") or {}).get("IsLocal"):
        return _local(os.fsencode(str(features.get("Root") or "/")))
    return _followed(remote, remote.client.address.remote)


def keeps_digests(remote: Remote) -> bool:
    """True where the store itself tells SHA-256 at once: not by reading, nor by a wrapper that remembers it."""
    found = remote.features()
    slow = (found.get("Features") or {}).get("SlowHash")
    if slow or "sha256" not in (found.get("Hashes") or []):
        return False
    return not any(
        settings.get("type") == "hasher" for settings in _chain(remote, remote.client.address.remote)
    )


def _followed(remote: Remote, name: str) -> str:
    *_, last = _chain(remote, name)
    if last.get("type") == "local":
        return _local(os.fsencode(last["path"] or "/"))
    return lies_on(last)


def _chain(remote: Remote, name: str) -> list[dict[str, str]]:
    """The settings of a remote and of those that it wraps, each with its `path`; never more than a few."""
    found: list[dict[str, str]] = []
    while len(found) < _DEEPEST:
        settings = _settings(remote, name)
        found.append(settings)
        if settings.get("type") not in _WRAPPERS or not settings.get("remote"):
            break
        name = settings["remote"]
    return found


def _settings(remote: Remote, name: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    called, given, path = parts(name)
    if not called:
        return {"type": "local", "path": path}
    if called.startswith(":"):
        return {"type": called[1:], **given, "path": path}
    try:
        known = remote.client.ask("config/get", name=called)
    except Failure:
        known = {}
    prefix = f"RCLONE_CONFIG_{called.upper()}_"
    from_environment = {
        each.removeprefix(prefix).lower(): value
        for each, value in (os.environ if environ is None else environ).items()
        if each.startswith(prefix)
    }
    return {**{key: str(value) for key, value in known.items()}, **from_environment, **given, "path": path}


def lies_on(settings: Mapping[str, str]) -> str:
    """What the settings of a remote say of whose disks it is on."""
    kind = settings.get("type") or "unknown"
    server = next((settings[key] for key in _SERVERS if settings.get(key)), None)
    if server is not None:
        host = urlsplit(server if "://" in server else f"//{server}").hostname
        return f"rclone:{kind}:{(host or server).lower()}"
    account = next((settings[key] for key in _ACCOUNTS if settings.get(key)), None)
    return f"rclone:{kind}:{account}" if account is not None else f"rclone:{kind}"


def _local(path: bytes) -> str:
    while not os.path.lexists(path):
        path = os.path.dirname(path) or b"/"
    return file_system(path).identity
