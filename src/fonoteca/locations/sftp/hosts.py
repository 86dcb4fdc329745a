"""Strict host keys: a server is believed only when known_hosts holds the very key that it shows.

What is refused comes with the command that accepts the key, to be run once it was compared over there.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fonoteca.errors import Denied
from fonoteca.locations.sftp.address import Address

if TYPE_CHECKING:
    from paramiko import HostKeys, PKey

_EVERYBODYS = "/etc/ssh/ssh_known_hosts"


def files(address: Address) -> list[str]:
    """The known_hosts files that count, the user's own first."""
    if address.known_hosts is not None:
        return [address.known_hosts]
    return [os.path.expanduser("~/.ssh/known_hosts"), _EVERYBODYS]


def known_keys(place: str, address: Address) -> list[PKey]:
    """The keys that known_hosts holds of this server. Raises Denied where a named file cannot be read."""
    from paramiko import HostKeys

    found = HostKeys()
    for file in files(address):
        try:
            _load(found, file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Denied(place, f"{file} cannot be read ({error.strerror})") from error
    return list((found.lookup(address.known_as) or {}).values())


def _load(found: HostKeys, file: str) -> None:
    """Read the lines that name a host and a key; those of certificates say nothing that we could check."""
    from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

    with open(file, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.lstrip().startswith(("#", "@")):
                continue
            try:
                entry = HostKeyEntry.from_line(line, number)
            except InvalidHostKey:
                continue  # one line that nobody can read is no reason to mistrust the others
            if entry is not None and entry.key is not None:
                for name in entry.hostnames:
                    found.add(name, entry.key.get_name(), entry.key)


def check(place: str, address: Address, shown: PKey, known: Sequence[PKey]) -> None:
    """Raises Denied unless `shown` is one of the known keys."""
    if any(shown == each for each in known):
        return
    file = files(address)[0]
    line = f"{address.known_as} {shown.get_name()} {shown.get_base64()}"
    folder = os.path.dirname(file)
    made = "" if os.path.isdir(folder) else f"mkdir -p -m 700 {shlex.quote(folder)} && "
    accept = f"{made}echo {shlex.quote(line)} >> {shlex.quote(file)}"
    kind = shown.get_name().removeprefix("ssh-").partition("-sha2")[0]
    print_of = f"{kind} {fingerprint(shown)}"
    look = "Compare it with what `ssh-keygen -lf` says over there of its /etc/ssh/ssh_host_*_key.pub"
    same = [each for each in known if each.get_name() == shown.get_name()]
    if same:
        raise Denied(
            place,
            f"{address.server} shows another host key than it had ({print_of}; {file} holds "
            f"{fingerprint(same[0])}): it was installed anew, or somebody stands between",
            f"{look}. Only if they are the same, run "
            f"`ssh-keygen -R {shlex.quote(address.known_as)} -f {shlex.quote(file)} && {accept}`.",
        )
    raise Denied(
        place,
        f"the host key of {address.server} is not known ({print_of} is not in {file})",
        f"{look}. If they are the same, run `{accept}`.",
    )


def fingerprint(key: PKey) -> str:
    """As `ssh-keygen -l` prints it: `SHA256:…`."""
    return str(key.fingerprint)
