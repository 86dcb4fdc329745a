"""Bytes as a line. A field that is not known is skipped, and an op that is not known is kept as it is.

A key or a path that could lead out of its folder, a digest of the wrong length, a number that is text: the
line is bad.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fonoteca.core.copy import Level
from fonoteca.core.entry import LibraryId
from fonoteca.core.manifest.fields import (
    LIBRARY_ID,
    BadLine,
    Fields,
    LaterFormat,
    array,
    content,
    count,
    digest,
    entry_path,
    flag,
    inner_path,
    integer,
    is_ours,
    json_object,
    live_key,
    mapping,
    optional_text,
    text,
    texts,
    version_key,
)
from fonoteca.core.manifest.lines import (
    FORMAT,
    AddStep,
    Done,
    DropStep,
    Folder,
    Happened,
    Have,
    Held,
    HoldState,
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
    Step,
    Superseded,
    Tags,
    Unknown,
)
from fonoteca.core.paths import path_value
from fonoteca.core.place import Key
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness
from fonoteca.core.times import time_value

_LEVELS = {level.word: level for level in Level}


def decode(raw: bytes) -> Line:
    """The line that `raw` is, with or without its newline. Raises BadLine."""
    fields = json_object(raw)
    op = fields.get("op")
    if not isinstance(op, str):
        raise BadLine("it has no op")
    reader = _READERS.get(op)
    if reader is None:
        return Unknown(op, raw)
    try:
        return reader(fields)
    except BadLine:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise BadLine(f"its op is {op}, and a field is missing or wrong: {error}") from error


def _segment(fields: Fields) -> Segment:
    if fields["format"] != FORMAT:
        bad = LaterFormat if isinstance(fields["format"], int) and fields["format"] > FORMAT else BadLine
        raise bad(f"its format is {fields['format']}; this version reads format {FORMAT}")
    library = text(fields, "library")
    if LIBRARY_ID.fullmatch(library) is None:
        raise ValueError("library is not 32 hex digits")
    return Segment(
        number=count(fields, "n"),
        library=LibraryId(library),
        prev=None if fields["prev"] is None else digest(fields, "prev").hex(),
        time_ns=_time(fields),
        writer=text(fields, "writer"),
        full=flag(fields, "full"),
    )


def _seal(fields: Fields) -> Seal:
    return Seal(count(fields, "n"), count(fields, "lines"), digest(fields, "sha256").hex())


def _have(fields: Fields) -> Have:
    key = live_key(fields, "key")
    return Have(
        key,
        entry_path(fields, key),
        content(fields),
        integer(fields, "mtime_ns"),
        _LEVELS[fields["level"]],
        _time(fields),
        optional_text(fields, "payload"),
        optional_text(fields, "tag_digest"),
        optional_text(fields, "check"),
        _optional_time(fields, "added"),
    )


def _moved(fields: Fields) -> Moved:
    new = live_key(fields, "to")
    return Moved(live_key(fields, "from"), new, entry_path(fields, new), _time(fields))


def _superseded(fields: Fields) -> Superseded:
    return Superseded(**_version(fields))


def _retired(fields: Fields) -> Retired:
    return Retired(**_version(fields))


def _version(fields: Fields) -> dict[str, Any]:
    key = live_key(fields, "key")
    return {
        "key": key,
        "path": entry_path(fields, key),
        "content": content(fields),
        "mtime_ns": integer(fields, "mtime_ns"),
        "kept": version_key(fields, "kept"),
        "reason": text(fields, "reason"),
        "level": _LEVELS[fields["level"]],
        "time_ns": _time(fields),
        "payload": optional_text(fields, "payload"),
        "tag_digest": optional_text(fields, "tag_digest"),
        "check": optional_text(fields, "check"),
        "until_ns": _optional_time(fields, "until"),
    }


def _pruned(fields: Fields) -> Pruned:
    key = live_key(fields, "key") if "key" in fields else None
    return Pruned(version_key(fields, "kept"), key, text(fields, "reason"), _time(fields))


def _folder(fields: Fields) -> Folder:
    return Folder(inner_path(fields, "path"), _time(fields), flag(fields, "gone"))


def _link(fields: Fields) -> Link:
    gone = flag(fields, "gone")
    target = b"" if gone else path_value(fields, "target")
    if b"\0" in target or not (gone or target):
        raise ValueError("target can't be a link's")
    return Link(inner_path(fields, "path"), target, _time(fields), gone)


def _tags(fields: Fields) -> Tags:
    sound, version = _sound(fields)
    return Tags(
        sha256=digest(fields, "sha256"),
        size=count(fields, "size"),
        time_ns=_time(fields),
        tag_digest=optional_text(fields, "tag_digest"),
        tool=optional_text(fields, "tool"),
        error=optional_text(fields, "error"),
        tags={name: texts(values, name) for name, values in mapping(fields["tags"], "tags").items()},
        raw=fields.get("raw"),
        pictures=[mapping(picture, "picture") for picture in array(fields["pictures"], "pictures")],
        audio=mapping(fields["audio"], "audio"),
        drm=optional_text(fields, "drm"),
        sound=sound,
        sound_version=version,
    )


def _sound(fields: Fields) -> tuple[Sound | None, int | None]:
    """The sound and the version of its checks. A word of a newer version says nothing to us: None, so we look."""
    if fields.get("self_check") is None:
        return None, None
    said = mapping(fields["self_check"], "self_check")
    word, payload = text(said, "word"), optional_text(fields, "payload")
    if word not in _SOUNDNESS:
        return None, None
    at = count(said, "at") if said.get("at") is not None else None
    sound = Sound(
        SelfCheck(_SOUNDNESS[word], text(said, "detail"), at),
        Payload.from_text(payload) if payload is not None else None,
        optional_text(fields, "payload_reason"),
        optional_text(fields, "lossless"),
    )
    return sound, integer(said, "version") if said.get("version") is not None else None


_SOUNDNESS = {each.value: each for each in Soundness}


def _happened(fields: Fields) -> Happened:
    return Happened(text(fields, "event"), _time(fields), mapping(fields["detail"], "detail"))


def _intent(fields: Fields) -> Intent:
    steps = [mapping(step, "step") for step in array(fields["steps"], "steps")]
    return Intent(text(fields, "batch"), tuple(_STEPS[step["do"]](step) for step in steps), _time(fields))


def _done(fields: Fields) -> Done:
    return Done(text(fields, "batch"), _time(fields))


def _held(fields: Fields) -> Held:
    return Held(
        id=text(fields, "id"),
        kind=text(fields, "kind"),
        state=HoldState(fields["state"]),
        time_ns=_time(fields),
        path=inner_path(fields, "path") if "path" in fields else None,
        detail=mapping(fields["detail"], "detail"),
    )


def _add_step(fields: Fields) -> AddStep:
    key = live_key(fields, "key")
    return AddStep(key, entry_path(fields, key), content(fields), integer(fields, "mtime_ns"))


def _over_step(fields: Fields) -> OverStep:
    key = live_key(fields, "key")
    return OverStep(
        key=key,
        path=entry_path(fields, key),
        content=content(fields),
        mtime_ns=integer(fields, "mtime_ns"),
        old_sha256=digest(fields, "old_sha256"),
        old_size=count(fields, "old_size"),
        keep=version_key(fields, "keep"),
    )


def _move_step(fields: Fields) -> MoveStep:
    new = _target_key(fields)
    path = entry_path(fields, new)
    return MoveStep(live_key(fields, "from"), new, path, content(fields), integer(fields, "mtime_ns"))


def _drop_step(fields: Fields) -> DropStep:
    return DropStep(version_key(fields, "kept"))


def _target_key(fields: Fields) -> Key:
    return version_key(fields, "to") if is_ours(path_value(fields, "to")) else live_key(fields, "to")


def _time(fields: Fields) -> int:
    return time_value(text(fields, "time"))


def _optional_time(fields: Fields, name: str) -> int | None:
    found = optional_text(fields, name)
    return None if found is None else time_value(found)


_READERS: dict[str, Callable[[Fields], Line]] = {
    "segment": _segment,
    "seal": _seal,
    "have": _have,
    "moved": _moved,
    "superseded": _superseded,
    "retired": _retired,
    "pruned": _pruned,
    "folder": _folder,
    "link": _link,
    "tags": _tags,
    "event": _happened,
    "intent": _intent,
    "done": _done,
    "hold": _held,
}
_STEPS: dict[str, Callable[[Fields], Step]] = {
    "add": _add_step,
    "over": _over_step,
    "move": _move_step,
    "drop": _drop_step,
}
