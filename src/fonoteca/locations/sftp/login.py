"""Showing a server who we are: the key that was named, the agent's keys, OpenSSH's default keys, a password; in this
order, until it says yes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fonoteca.errors import Denied
from fonoteca.locations.sftp.address import Address, password, variables

if TYPE_CHECKING:
    from paramiko import PKey, Transport

_DEFAULTS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")


def login(place: str, address: Address, user: str, transport: Transport) -> None:
    """Log in. Raises Denied when nothing that we have is taken; SSHException, OSError, EOFError."""
    from paramiko import AuthenticationException, BadAuthenticationType

    secret = _password(place, address)
    tried = []
    for label, key in _keys(place, address, secret):
        tried.append(label)
        try:
            transport.auth_publickey(user, key)
        except BadAuthenticationType:
            break
        except AuthenticationException:
            if not transport.is_active():
                break
            continue
        if transport.is_authenticated():
            return
    if secret is not None and transport.is_active():
        tried.append("the password")
        try:
            transport.auth_password(user, secret)
        except AuthenticationException:
            pass  # said below, with all that was tried
        else:
            if transport.is_authenticated():
                return
    raise _refused(place, address, user, tried)


def _refused(place: str, address: Address, user: str, tried: list[str]) -> Denied:
    what = " nor ".join(tried) if tried else "no key, no agent and no password"
    has = f"{address.server} lets {user} in with neither {what}" if len(tried) > 1 else None
    if has is None:
        has = (
            f"{address.server} does not let {user} in with {what}"
            if tried
            else f"there is {what} to log in with"
        )
    public = (address.key or "~/.ssh/id_ed25519") + ".pub"
    port = f" -p {address.port}" if address.port != 22 else ""
    return Denied(
        place,
        has,
        f"Put your public key there with `ssh-copy-id -i {public}{port} {user}@{address.host}`, name another with "
        f"key, or give a password by password_file or {variables(place, address)[0]}.",
    )


def _password(place: str, address: Address) -> str | None:
    try:
        return password(place, address)
    except OSError as error:
        raise Denied(place, f"{address.password_file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise Denied(place, f"{address.password_file} is not text in UTF-8") from error


def _keys(place: str, address: Address, secret: str | None) -> Iterator[tuple[str, PKey]]:
    if address.key is not None:
        yield address.key, _named(place, address.key, secret)
        return
    yield from _of_agent()
    for file in map(os.path.expanduser, _DEFAULTS):
        found = _usable(file, secret)
        if found is not None:
            yield file, found


def _named(place: str, file: str, secret: str | None) -> PKey:
    """The key that was named; one that is locked is looked for in the agent."""
    from paramiko import PasswordRequiredException, SSHException

    try:
        return _loaded(file, secret)
    except OSError as error:
        raise Denied(
            place, f"the key {file} cannot be read ({error.strerror})", "Name another with key."
        ) from error
    except PasswordRequiredException as error:
        unlocked = _in_agent(file)
        if unlocked is None:
            raise Denied(
                place, f"the key {file} is locked by a passphrase", f"Run `ssh-add {file}` first."
            ) from error
        return unlocked
    except (SSHException, ValueError) as error:
        raise Denied(place, f"{file} is no private key that can be used", "Name another with key.") from error


def _loaded(file: str, secret: str | None) -> PKey:
    """The private key in `file`. Raises OSError, SSHException (PasswordRequiredException for one that is locked)."""
    from paramiko import ECDSAKey, Ed25519Key, PasswordRequiredException, RSAKey, SSHException

    for kind in (Ed25519Key, ECDSAKey):
        try:
            return kind.from_private_key_file(file, secret)
        except PasswordRequiredException:
            raise
        except (SSHException, ValueError):
            continue
    return RSAKey.from_private_key_file(file, secret)


def _in_agent(file: str) -> PKey | None:
    """The agent's key whose public half lies beside `file`."""
    try:
        with open(file + ".pub", encoding="ascii") as public:
            words = public.read().split()
    except (OSError, UnicodeDecodeError):
        return None
    return next((key for _, key in _of_agent() if key.get_base64() in words), None)


def _of_agent() -> Iterator[tuple[str, PKey]]:
    from paramiko import Agent, SSHException

    try:
        for key in Agent().get_keys():
            yield "the agent's key " + (key.comment or key.get_name()), key
    except (SSHException, OSError):
        return  # an agent that does not answer is no agent


def _usable(file: str, secret: str | None) -> PKey | None:
    from paramiko import SSHException

    try:
        return _loaded(file, secret)
    except (OSError, SSHException, ValueError):
        return None  # nobody named it: it may be absent or locked
