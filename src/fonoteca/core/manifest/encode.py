"""A line as bytes: one JSON object, UTF-8, compact, ending with a newline.

`Have` and the steps that add are written by hand, because there may be a million of them; the rest goes through `json`.
"""

from __future__ import annotations

from functools import singledispatch
from json.encoder import JSONEncoder, encode_basestring
from typing import Any

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, RelPath
from fonoteca.core.manifest.lines import (
    FORMAT,
    AddStep,
    Done,
    DropStep,
    Folder,
    Happened,
    Have,
    Held,
    Intent,
    Line,
    Link,
    Moved,
    MoveStep,
    OverStep,
    Pruned,
    Retired,
    Seal,
    Segment,
    Superseded,
    Tags,
    Unknown,
)
from fonoteca.core.paths import path_fields
from fonoteca.core.place import Key
from fonoteca.core.times import time_text

_LEVEL_WORD = {level: level.word for level in Level}
_compact = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_compact_ascii = JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def encode(line: Line) -> bytes:
    """`line` with its newline. Raises ValueError for what JSON can't hold (not a number, infinity)."""
    if isinstance(line, Have):
        return _have(line)
    if isinstance(line, Intent):
        return _intent(line)
    if isinstance(line, Unknown):
        return line.raw
    return json_line(_fields(line))


def json_line(fields: dict[str, Any]) -> bytes:
    """One JSON object as a line. Lone surrogates, which some tags hold, are written as JSON escapes."""
    try:
        return _compact(fields).encode() + b"\n"
    except UnicodeEncodeError:
        return _compact_ascii(fields).encode() + b"\n"


def _have(line: Have) -> bytes:
    content = line.content
    text = (
        f'{{"op":"have",{_quoted("key", line.key)}'
        f"{'' if line.key.partition(b'/')[2] == line.path else ',' + _quoted('path', line.path)}"
        f',"size":{content.size},"mtime_ns":{line.mtime_ns}'
        f',"sha256":"{content.sha256.hex()}","xxh3_128":"{content.xxh3_128.hex()}"'
        f"{_optional('payload', line.payload)}{_optional('tag_digest', line.tag_digest)}"
        f"{_optional('check', line.check)}"
        f"{'' if line.added_ns is None else _optional('added', time_text(line.added_ns))}"
        f',"level":"{_LEVEL_WORD[line.level]}","time":"{time_text(line.time_ns)}"}}\n'
    )
    return text.encode()


def _intent(line: Intent) -> bytes:
    steps = ",".join(
        [_add_step(step) if isinstance(step, AddStep) else _other_step(step) for step in line.steps]
    )
    time = time_text(line.time_ns)
    batch = encode_basestring(line.batch)
    return f'{{"op":"intent","batch":{batch},"steps":[{steps}],"time":"{time}"}}\n'.encode()


def _add_step(step: AddStep) -> str:
    content = step.content
    path = "" if step.key.partition(b"/")[2] == step.path else "," + _quoted("path", step.path)
    return (
        f'{{"do":"add",{_quoted("key", step.key)}{path},"size":{content.size},"mtime_ns":{step.mtime_ns}'
        f',"sha256":"{content.sha256.hex()}","xxh3_128":"{content.xxh3_128.hex()}"}}'
    )


def _other_step(step: OverStep | MoveStep | DropStep) -> str:
    return _compact(_step(step))


def _quoted(name: str, value: bytes) -> str:
    try:
        return f'"{name}":{encode_basestring(value.decode())}'
    except UnicodeDecodeError:
        return _compact(path_fields(name, value))[1:-1]


def _optional(name: str, value: str | None) -> str:
    return "" if value is None else f',"{name}":{encode_basestring(value)}'


@singledispatch
def _fields(line: object) -> dict[str, Any]:
    raise TypeError(f"{type(line).__name__} is not a line")


@_fields.register
def _(line: Segment) -> dict[str, Any]:
    return {
        "op": "segment",
        "format": FORMAT,
        "n": line.number,
        "library": line.library,
        "prev": line.prev,
        "full": line.full,
        "time": time_text(line.time_ns),
        "writer": line.writer,
    }


@_fields.register
def _(line: Seal) -> dict[str, Any]:
    return {"op": "seal", "n": line.number, "lines": line.lines, "sha256": line.digest}


@_fields.register
def _(line: Moved) -> dict[str, Any]:
    return {
        "op": "moved",
        **path_fields("from", line.old),
        **path_fields("to", line.new),
        **_path(line.new, line.path),
        "time": time_text(line.time_ns),
    }


@_fields.register(Superseded)
@_fields.register(Retired)
def _(line: Superseded | Retired) -> dict[str, Any]:
    return {
        "op": "superseded" if isinstance(line, Superseded) else "retired",
        **_entry(line.key, line.path, line.content, line.mtime_ns),
        **_given(payload=line.payload, tag_digest=line.tag_digest, check=line.check),
        **path_fields("kept", line.kept),
        "reason": line.reason,
        **({} if line.until_ns is None else {"until": time_text(line.until_ns)}),
        "level": line.level.word,
        "time": time_text(line.time_ns),
    }


@_fields.register
def _(line: Pruned) -> dict[str, Any]:
    key = {} if line.key is None else path_fields("key", line.key)
    kept = path_fields("kept", line.kept)
    return {"op": "pruned", **kept, **key, "reason": line.reason, "time": time_text(line.time_ns)}


@_fields.register
def _(line: Folder) -> dict[str, Any]:
    return {
        "op": "folder",
        **path_fields("path", line.path),
        **_gone(line.gone),
        "time": time_text(line.time_ns),
    }


@_fields.register
def _(line: Link) -> dict[str, Any]:
    target = {} if line.gone else path_fields("target", line.target)
    path = path_fields("path", line.path)
    return {"op": "link", **path, **target, **_gone(line.gone), "time": time_text(line.time_ns)}


@_fields.register
def _(line: Tags) -> dict[str, Any]:
    return {
        "op": "tags",
        "sha256": line.sha256.hex(),
        "size": line.size,
        **_given(tag_digest=line.tag_digest, tool=line.tool, error=line.error, drm=line.drm),
        "tags": dict(line.tags),
        "audio": dict(line.audio),
        "pictures": line.pictures,
        **_sound(line),
        **_given(raw=line.raw),
        "time": time_text(line.time_ns),
    }


def _sound(line: Tags) -> dict[str, Any]:
    if line.sound is None:
        return {}
    check, payload = line.sound.check, line.sound.payload
    return {
        **_given(payload=None if payload is None else str(payload), payload_reason=line.sound.reason),
        "self_check": {
            "word": check.soundness.value,
            "detail": check.detail,
            **_given(at=check.at, version=line.sound_version),
        },
        **_given(lossless=line.sound.lossless),
    }


@_fields.register
def _(line: Happened) -> dict[str, Any]:
    return {"op": "event", "event": line.kind, "detail": dict(line.detail), "time": time_text(line.time_ns)}


@_fields.register
def _(line: Done) -> dict[str, Any]:
    return {"op": "done", "batch": line.batch, "time": time_text(line.time_ns)}


@_fields.register
def _(line: Held) -> dict[str, Any]:
    path = {} if line.path is None else path_fields("path", line.path)
    return {
        "op": "hold",
        "id": line.id,
        "kind": line.kind,
        "state": line.state.value,
        **path,
        "detail": dict(line.detail),
        "time": time_text(line.time_ns),
    }


def _step(step: OverStep | MoveStep | DropStep) -> dict[str, Any]:
    match step:
        case DropStep():
            return {"do": "drop", **path_fields("kept", step.kept)}
        case OverStep():
            entry = _entry(step.key, step.path, step.content, step.mtime_ns)
            old = {"old_sha256": step.old_sha256.hex(), "old_size": step.old_size}
            return {"do": "over", **entry, **old, **path_fields("keep", step.keep)}
        case MoveStep():
            names = {**path_fields("from", step.old), **path_fields("to", step.new)}
            return {
                "do": "move",
                **names,
                **_path(step.new, step.path),
                **_content(step.content, step.mtime_ns),
            }


def _entry(key: Key, path: RelPath, content: Content, mtime_ns: int) -> dict[str, Any]:
    return {**path_fields("key", key), **_path(key, path), **_content(content, mtime_ns)}


def _content(content: Content, mtime_ns: int) -> dict[str, Any]:
    return {
        "size": content.size,
        "mtime_ns": mtime_ns,
        "sha256": content.sha256.hex(),
        "xxh3_128": content.xxh3_128.hex(),
    }


def _path(key: Key, path: RelPath) -> dict[str, str]:
    """Nothing where the path is the key without its first folder, as it is for nearly all."""
    return {} if key.partition(b"/")[2] == path else path_fields("path", path)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _gone(gone: bool) -> dict[str, bool]:
    return {"gone": True} if gone else {}
