"""One entry of the catalogue on one line, for a person."""

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
