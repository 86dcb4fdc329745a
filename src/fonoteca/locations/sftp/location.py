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
from fonoteca.errors import Conflict, LocationError
from fonoteca.locations.identity import marker_bytes
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.lease import Sightings
from fonoteca.locations.sftp.address import Address
from fonoteca.locations.sftp.digesting import Digester
from fonoteca.locations.sftp.lease import SftpBoard
from fonoteca.locations.sftp.link import Link
from fonoteca.locations.sftp.open import OpenSftp
from fonoteca.locations.sftp.packets import POSIX_RENAME
from fonoteca.locations.sftp.probing import probe
from fonoteca.locations.sftp.remote import Remote
from fonoteca.locations.sftp.root import Root
from fonoteca.locations.site import ServerSite

_LARGEST_MARKER = 32 << 10


class SftpLocation(ServerSite):
    """See `base.Location` and `base.Site`, and `ServerSite` for `expected`, `anywhere` and `sightings`.

    `server_digests`: commands may be run over there to make digests.
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
        sightings: Sightings | None = None,
    ) -> None:
        super().__init__(name, expected, anywhere=anywhere, sightings=sightings)
        self.address = address
        self._link = Link(name, address, limit_s=limit_s)
        self._remote = Remote(name, self._link, address.path)
        self._digester = Digester(self._link, address.path) if server_digests else None
        self._root = Root(self._remote)
        weakref.finalize(self, self._link.close)

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenSftp]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another run writes here."""
        with self.admitted(write=write) as (marker, data), self.leased(write=write) as lease:
            if lease is not None:
                self._root.sweep(INCOMING, lease.hold)
            yield OpenSftp(self._remote, marker, data, lease, self._digester)

    def disconnect(self) -> None:
        """See `ServerSite`."""
        if self._digester is not None:
            self._digester.close()
        self._link.close()

    def read_marker(self) -> bytes | None:
        """See `ServerSite`."""
        self._link.connect()
        return self._remote.read_small(MARKER, limit=_LARGEST_MARKER)

    def board(self) -> SftpBoard:
        """See `ServerSite`."""
        return SftpBoard(self._remote)

    def absence(self) -> str:
        """See `ServerSite`."""
        path = self.address.path.decode("utf-8", "backslashreplace")
        return (
            f"{path} on {self.address.server} carries no fonoteca marker: its disk is not mounted there, "
            f"or the folder is another"
        )

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

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        remote = self._remote
        self._root.make()
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

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        self.expect_free(identity)
        remote = self._remote
        for name, _ in remote.folders([b""])[0]:
            if name not in (b".", b"..", OWN):
                raise Conflict(self.name, name, "stands there, and is not ours")
        self._root.sweep(OWN)
        remote.remove_folder(OWN)
        self._root.unmake()
