"""A location that is a folder on an SFTP server: any OpenSSH or NAS, accounts for SFTP alone included.

    location = SftpLocation("nas", Address("nas.lan", b"/volume1/music-backup", user="ana"), expected)
    with location.open(write=True) as place: ...

Who it is follows from the marker and from the server's host key: a copy of the marker on another server is not the
location. One run writes at a time (`lease`).
"""

from __future__ import annotations

import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from fonoteca.core.place import OWN, Identity, Traits
from fonoteca.errors import Away, Conflict, Denied, LocationError
from fonoteca.locations.identity import FORMAT, Marker, judge, marker_bytes, parse_marker
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.sftp.address import Address
from fonoteca.locations.sftp.digesting import Digester
from fonoteca.locations.sftp.lease import release, take
from fonoteca.locations.sftp.link import Link
from fonoteca.locations.sftp.open import OpenSftp
from fonoteca.locations.sftp.packets import POSIX_RENAME
from fonoteca.locations.sftp.probing import probe
from fonoteca.locations.sftp.remote import Remote
from fonoteca.locations.sftp.root import Root

_LARGEST_MARKER = 32 << 10


class SftpLocation:
    """See `base.Location` and `base.Site`. `expected` is who it should be; None can be opened for reading only.

    `server_digests`: commands may be run over there to make digests.

    `anywhere`: a bare location may also be a copy of one, on another server than its marker says.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        expected: Identity | None,
        *,
        anywhere: bool = False,
        limit_s: float | None = None,
        server_digests: bool = False,
    ) -> None:
        self.name = name
        self.address = address
        self.expected = expected
        self.anywhere = anywhere and expected is None
        self._link = Link(name, address, limit_s=limit_s)
        self._remote = Remote(name, self._link, address.path)
        self._digester = Digester(self._link, address.path) if server_digests else None
        self._root = Root(self._remote)
        weakref.finalize(self, self._link.close)

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenSftp]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another run writes here."""
        if write and self.expected is None:
            raise Denied(
                self.name, "nobody knows yet whose place it is", f"Run `fonoteca location adopt {self.name}`."
            )
        try:
            marker, data = self._believed()
            lease = take(self._remote) if write else None
            try:
                if lease is not None:
                    self._root.sweep(INCOMING, lease.hold)
                yield OpenSftp(self._remote, marker, data, lease, self._digester)
            finally:
                if lease is not None:
                    lease.release()
        finally:
            if self._digester is not None:
                self._digester.close()
            self._link.close()

    def _believed(self) -> tuple[Marker, bytes]:
        self._link.connect()
        data = self._remote.read_small(MARKER, limit=_LARGEST_MARKER)
        if data is None:
            raise Away(
                self.name,
                f"{self._shown()} carries no fonoteca marker: its disk is not mounted there, or the folder is another",
                f"Look there and run this again; for a new place, run `fonoteca location add {self.name}`.",
            )
        marker = parse_marker(self.name, data)
        if not self.anywhere:
            judge(self.name, marker.identity, self.where(), self.expected)
        return marker, data

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        data = self._remote.read_small(MARKER, limit=_LARGEST_MARKER)
        return parse_marker(self.name, data).identity if data is not None else None

    def where(self) -> str:
        """See `base.Site`: the server, by its host key. Two folders on one server are taken to lie on one disk."""
        self._link.connect()
        return f"sftp:{self._link.host_key}"

    def holds_manifests(self) -> bool:
        """See `base.Site`."""
        found = self._remote.lstat(OWN + b"/libraries")
        return found is not None and found.is_folder

    def probe(self) -> Traits:
        """See `base.Site`."""
        self._root.make()
        try:
            return probe(self._remote, INCOMING + b"/probe-" + secrets.token_hex(4).encode())
        finally:
            self._tidy()

    def _tidy(self) -> None:
        try:
            for folder in (INCOMING, OWN):
                self._remote.remove_folder(folder)  # stays where something was there before us
        except LocationError:
            return

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        return Identity(secrets.token_hex(16), secrets.token_hex(16), self.where(), FORMAT, naming)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`. What stands in the folder stays untouched; another location's marker is Conflict."""
        standing = self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, MARKER, f"says that this is another location ({standing.id})")
        if self.where() != identity.file_system:
            raise Away(self.name, f"it is the server {self.where()}, not {identity.file_system}")
        found = traits if traits is not None else self.probe()
        self._root.make()
        self.mark(identity, found)
        return found

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        remote = self._remote
        remote.make_folders(OWN)
        draft = OWN + b"/location-" + secrets.token_hex(4).encode()
        remote.write_small(draft, marker_bytes(identity, traits))
        try:
            over = remote.has(POSIX_RENAME)
            if not over:
                remote.removes([MARKER])
            refused = remote.renames([(draft, MARKER)], over=over)[0]
            if refused is not None:
                raise remote.meant(refused, MARKER)
        except BaseException:
            remote.removes([draft])
            raise
        remote.flush([MARKER])

    def release(self) -> str | None:
        """See `base.Site`."""
        self._believed()
        try:
            return release(self._remote)
        finally:
            self._link.close()

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        remote, standing = self._remote, self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, MARKER, f"says that this is another location ({standing.id})")
        for name, _ in remote.folders([b""])[0]:
            if name not in (b".", b"..", OWN):
                raise Conflict(self.name, name, "stands there, and is not ours")
        self._root.sweep(OWN)
        remote.remove_folder(OWN)
        self._root.unmake()

    def _shown(self) -> str:
        path = self.address.path.decode("utf-8", "backslashreplace")
        return f"{path} on {self.address.server}"
