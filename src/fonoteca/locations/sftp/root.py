"""The folder on a server that is the location: made, emptied of what is ours, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fonoteca.errors import Denied, LocationError
from fonoteca.locations.sftp import packets, wire
from fonoteca.locations.sftp.packets import string
from fonoteca.locations.sftp.remote import FOLDER_MODE, Remote
from fonoteca.locations.sftp.wire import Refusal, Wire


@dataclass(slots=True)
class Root:
    """See the module."""

    remote: Remote
    _made: list[bytes] = field(default_factory=list)
    """The root and what lies above it, as far as it was not there before us; whole paths."""

    def make(self) -> None:
        """Have the root itself, and what lies above it."""
        parts = self.remote.root.split(b"/")
        for count in range(1, len(parts) + 1):
            path = b"/".join(parts[:count])
            if not path or path == b".":
                continue
            with self.remote.asking() as session:
                number = session.send(packets.MKDIR, string(path), packets.mode(FOLDER_MODE))
                try:
                    session.done(number)
                    self._made.append(path)
                except Refusal as refusal:
                    if count == len(parts) and not self._stands(session, path):
                        raise self._unmade(refusal, path) from refusal

    def unmake(self) -> None:
        """Remove what `make` made, as far as it is empty."""
        self.remote.forget_folders()
        made, self._made = self._made, []
        with self.remote.asking() as session:
            for path in reversed(made):
                session.forget([session.send(packets.RMDIR, string(path))])
            session.attributes(session.send(packets.STAT, string(b"/")))  # all answers before this one came

    def sweep(self, root: bytes, between: Callable[[], None] = lambda: None) -> None:
        """Remove everything inside a folder of ours, no links followed; `between` is called after each folder."""
        folders = [root]
        for folder in folders:
            listed = [each for each in self.remote.folders([folder])[0] if each[0] not in (b".", b"..")]
            folders += [folder + b"/" + name for name, found in listed if found.is_folder]
            self.remote.removes([folder + b"/" + name for name, found in listed if not found.is_folder])
            between()
        for folder in reversed(folders[1:]):
            self.remote.remove_folder(folder)

    def _unmade(self, refusal: Refusal, path: bytes) -> LocationError:
        if refusal.code not in (wire.NO_SUCH_FILE, wire.DENIED):
            return self.remote.meant(refusal)
        shown = path.decode("utf-8", "backslashreplace")
        return Denied(
            self.remote.place,
            f"the folder {shown} cannot be made over there ({refusal.text.lower()})",
            "Make it there, or give this account permission.",
        )

    def _stands(self, session: Wire, path: bytes) -> bool:
        try:
            return session.attributes(session.send(packets.STAT, string(path))).is_folder
        except Refusal:
            return False
