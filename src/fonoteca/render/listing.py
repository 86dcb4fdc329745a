"""One entry of the catalogue, or one version, on a line, for a person."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from fonoteca.render.words import counted, safe, size, values, whereabouts


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


def change_line(change: Mapping[str, Any]) -> str:
    """`2026-05-01T18:30:00Z  music/a.flac  TITLE: Be My Husbnd → Be My Husband`, from a change's JSON form."""
    path = base64.b64decode(change["path_b64"]) if change.get("path_b64") else change["path"]
    head = f"{_second(change['time'])}  {safe(change['library'])}/{safe(path)}  "
    if change["field"] is None:
        return head + safe(change["detail"])
    by_itself = "  (volatile)" if change["volatile"] else ""
    return f"{head}{safe(change['field'])}: {values(change['old'])} → {values(change['new'])}{by_itself}"


def event_line(event: Mapping[str, Any]) -> str:
    """`2026-05-01T18:30:00Z  replication  music/a.flac at red`, from an event's JSON form; what failed says so."""
    path, was = _path(event, "path"), _path(event, "was")
    where = whereabouts(event["library"], path, event["location"])
    parts = [event["event"] + ("" if event["outcome"] == "success" else f" ({event['outcome']})"), where]
    if was is not None:
        parts.append(f"was {safe(was)}")
    parts.append(safe(event["detail"]))
    return "  ".join([_second(event["time"]), *(part for part in parts if part)])


def _path(values: Mapping[str, Any], name: str) -> bytes | None:
    exact, text = values.get(f"{name}_b64"), values[name]
    if exact is not None:
        return base64.b64decode(exact)
    return None if text is None else str(text).encode("utf-8", "surrogateescape")


def _second(time: str | None) -> str:
    """A time of JSON without its fraction."""
    return "(not known)" if time is None else f"{time[:19]}Z"


def hold_line(hold: Mapping[str, Any]) -> str:
    """`removed-7k2m  music: 30 of 30 entries removed, since …` and below it the two commands, from its JSON form."""
    today = "" if hold["stopped"] == hold["entries"] else f" ({hold['stopped']:,} by now)"
    count = f"{hold['entries']:,} of {counted(hold['total'], 'entry', 'entries')}{today}"
    head = f"{safe(hold['id'])}  {safe(hold['library'])}: {count}: {hold['kind']}, since {hold['since']}"
    return f"{head}\n    {safe(hold['accept'])}    # this is meant\n    {safe(hold['reject'])}    # put them back"


def _keeper(kept: Mapping[str, Any] | None) -> str:
    if kept is None:
        return "kept nowhere (any more)"
    checked = f"{kept['level']}, {kept['verified']}" if kept["verified"] else "not checked"
    state = "" if kept["state"] == "good" else f", {kept['state']}"
    return f"at {safe(kept['location'])} as a {kept['as']}: {checked}{state}"
