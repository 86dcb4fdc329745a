"""Where a server is and how we show who we are: what a config or a URL says of it, as one value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A folder on a server. Files are local paths; None: what OpenSSH would take."""

    host: str
    path: bytes
    """Absolute there, or relative to the login folder."""
    port: int = 22
    user: str | None = None
    key: str | None = None
    known_hosts: str | None = None
    password_file: str | None = None
    password_env: str | None = None

    @property
    def server(self) -> str:
        """For sentences: `nas.lan`, `nas.lan:2222`, `[::1]:2222`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 22 else f"{host}:{self.port}"

    @property
    def known_as(self) -> str:
        """How known_hosts names it: `nas.lan`, `[nas.lan]:2222`."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def variables(name: str, address: Address) -> list[str]:
    """The environment variables that may hold the password of the location `name`.

    >>> variables("my-nas", Address("nas.lan", b"/music"))
    ['FONOTECA_MY_NAS_PASSWORD', 'FONOTECA_SFTP_PASSWORD']
    """
    if address.password_env is not None:
        return [address.password_env]
    plain = "" if "://" in name else re.sub(r"[^A-Z0-9]", "_", name.upper())
    own = [f"FONOTECA_{plain}_PASSWORD"] if plain else []
    return [*own, "FONOTECA_SFTP_PASSWORD"]


def password(name: str, address: Address, environ: Mapping[str, str] | None = None) -> str | None:
    """The password, from the file or the environment; None where there is none. Raises OSError, UnicodeDecodeError."""
    if address.password_file is not None:
        with open(address.password_file, encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    known = os.environ if environ is None else environ
    return next((known[each] for each in variables(name, address) if known.get(each)), None)
