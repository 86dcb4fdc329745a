"""Where the config and the catalogue lie, and what a path in a config means.

>>> expand("$HOME/Music", Base("/etc", {"HOME": "/home/ana"}))
'/home/ana/Music'
>>> expand("Music", Base("/srv/fonoteca", {}))
'/srv/fonoteca/Music'
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from fonoteca.config.problems import NotUnderstood

CATALOGUE = "catalogue.sqlite"
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))(?=/|$)")
_SQLITE_ENDINGS = (".sqlite", ".sqlite3", ".db")


@dataclass(frozen=True, slots=True)
class Base:
    """What a path in a config starts from: the config's own folder (absolute), and the environment."""

    folder: str
    environ: Mapping[str, str]


def config_path(option: str | None, environ: Mapping[str, str]) -> str:
    """The absolute path of the config: `--config`, else `FONOTECA_CONFIG`, else the platform's folder."""
    given = option or environ.get("FONOTECA_CONFIG")
    return os.path.abspath(os.path.expanduser(given)) if given else default_config_path()


def default_config_path() -> str:
    """`~/.config/fonoteca/config.toml`, or what the platform has in its place."""
    from platformdirs import user_config_path  # 36 ms, and not needed where the path is given

    return str(user_config_path("fonoteca") / "config.toml")


def catalogue_path(config_file: str) -> str:
    """Where the catalogue of a config lies when `[archive] catalogue` does not say.

    For the default config in the platform's data folder; for any other beside it, in `<stem>-catalogue/`,
    so that two archives never share one.
    """
    file = os.path.abspath(config_file)
    # Cheap questions first: most configs that are not the default one can be told by their name alone.
    if file.endswith("/fonoteca/config.toml") and file == default_config_path():
        from platformdirs import user_data_path

        return str(user_data_path("fonoteca") / CATALOGUE)
    stem = os.path.splitext(os.path.basename(file))[0]
    return os.path.join(os.path.dirname(file), f"{stem}-catalogue", CATALOGUE)


def catalogue_at(path: str) -> str:
    """The catalogue's file, where `[archive] catalogue` names it or the folder that it lies in."""
    if path.endswith(_SQLITE_ENDINGS) and not os.path.isdir(path):
        return path
    return os.path.join(path, CATALOGUE)


def expand(text: object, base: Base) -> str:
    """The absolute path that `text` means in a config that lies in `base.folder`.

    `~`, `~user` and `$NAME` or `${NAME}` count at the beginning only: elsewhere a `$` is part of a name.
    `..` is resolved by the file system, since behind a symbolic link it does not undo the part before it.
    Raises NotUnderstood.
    """
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise NotUnderstood(text, "a path")
    path = os.path.expanduser(_with_variable(text, base.environ))
    if path.startswith("~"):
        raise NotUnderstood(text, f"a path; there is no such user (for a folder named so, write ./{text})")
    absolute = os.path.join(base.folder, path)
    return os.path.realpath(absolute) if ".." in absolute.split("/") else os.path.abspath(absolute)


def _with_variable(text: str, environ: Mapping[str, str]) -> str:
    match = _VARIABLE.match(text)
    if match is None:
        return text
    name = match[1] or match[2]
    if not environ.get(name):
        raise NotUnderstood(
            text, f"a path; the variable {name} is not set (for a folder named so, write ./{text})"
        )
    return environ[name] + text[match.end() :]
