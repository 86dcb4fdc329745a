"""A config for other eyes: its data without comments, and without what opens a door.

    >>> masked('[location.x]\\ntype = "rclone"\\nremote = ":webdav,url=https://u:p@h,pass=abc:music"')["location"]["x"]["remote"]
    ':webdav,url=https://***@h,pass=***:music'

A config of ours has no place for secrets; this stands behind that for what people write nevertheless.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MASK = "***"
_SECRET = re.compile(r"(?:^|_)(?:pass|password|passphrase|secret|token|credentials?|\w+_key)$", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/\s?#]*@(?=[^/\s]*)")
_OPTION = re.compile(
    r"(?<=[,:?&])([\w-]*(?:pass|password|secret|token|_key)[\w-]*)=(?:\"[^\"]*\"|'[^']*'|[^,:&]*)", re.I
)


def shown(text: str) -> str:
    """The config as TOML, secrets masked, comments left out (they may hold anything)."""
    import tomlkit

    return tomlkit.dumps(masked(text))


def masked(text: str) -> dict[str, Any]:
    """The config's data, secrets masked. `text` is TOML that loads."""
    return {key: _masked(key, value) for key, value in tomllib.loads(text).items()}


def _unaddressed(value: Any) -> Any:
    """Addresses of notices are secrets as a whole, and have no place in a config."""
    several = value if isinstance(value, list) else [value]
    return MASK if any(isinstance(each, str) and "://" in each for each in several) else value


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, dict) and key == "notify":
        return {inner: _masked(inner, _unaddressed(each)) for inner, each in value.items()}
    if isinstance(value, dict):
        return {inner: _masked(inner, each) for inner, each in value.items()}
    if _SECRET.search(key):
        return MASK
    if isinstance(value, list):
        return [_masked(key, each) for each in value]
    if isinstance(value, str):
        return _OPTION.sub(rf"\1={MASK}", _USERINFO.sub(f"{MASK}@", value))
    return value
