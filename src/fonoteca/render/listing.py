"""One entry of the catalogue, or one version, on a line, for a person."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from fonoteca.render.words import counted, safe, size


def entry_line(entry: Mapping[str, Any]) -> str:
    """`  24.1 MB   2 copies  music/Nina Simone/01 Be My Husband.flac`, from an entry's JSON form."""
    path = base64.b64decode(entry["path_b64"]) if entry.get("path_b64") else entry["path"]
    copies = counted(len(entry.get("copies") or ()), "copy", "copies")
    state = "" if entry.get("state", "present") == "present" else f"  ({entry['state']})"
    return f"{size(entry['size']):>10}  {copies:>9}  {safe(entry['library'])}/{safe(path)}{state}"


def version_lines(version: Mapping[str, Any]) -> str:
    """`3f9a2c1e  until 2026-05-01T18:30:00Z  24.1 MB  replaced` and below it who keeps it, from its JSON form."""
    head = (
        f"{version['id']}  until {version['until']}  {size(version['size']):>10}  {safe(version['verdict'])}"
    )
    return "\n".join([head, *(f"    {_keeper(each)}" for each in version["kept"] or [None])])


def hold_line(hold: Mapping[str, Any]) -> str:
    """`removed-7k2m  music: 30 of 30 entries removed, since …` and below it the two commands, from its JSON form."""
    count = f"{hold['entries']:,} of {counted(hold['total'], 'entry', 'entries')}"
    head = f"{safe(hold['id'])}  {safe(hold['library'])}: {count}: {hold['kind']}, since {hold['since']}"
    return f"{head}\n    {safe(hold['accept'])}    # this is meant\n    {safe(hold['reject'])}    # put them back"


def _keeper(kept: Mapping[str, Any] | None) -> str:
    if kept is None:
        return "kept nowhere (any more)"
    checked = f"{kept['level']}, {kept['verified']}" if kept["verified"] else "not checked"
    state = "" if kept["state"] == "good" else f", {kept['state']}"
    return f"at {safe(kept['location'])} as a {kept['as']}: {checked}{state}"
