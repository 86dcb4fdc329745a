"""The connection to a server: made when it is first needed, made anew when it broke off, never waited for too long.

    link = Link("nas", address)
    with link.wire() as wire: ...          # a session of its own, given back afterwards
    link.shared("asking")                  # one that several threads use

One connection carries several SFTP sessions; a server that allows no more of them is not asked for more. Every wait has
a limit: an answer that does not come within `limit_s`, and bytes that the network does not take for as long
(TCP_USER_TIMEOUT), end the connection. Raises Away, Denied, Lost.
"""

from __future__ import annotations

import getpass
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fonoteca.errors import Away, Denied, LocationError, Lost
from fonoteca.locations.sftp import hosts
from fonoteca.locations.sftp.address import Address
from fonoteca.locations.sftp.login import login
from fonoteca.locations.sftp.wire import Severed, Wire

if TYPE_CHECKING:
    import paramiko

LIMIT_S = 60.0
"""No answer may take longer, and no byte longer to be taken."""

CONNECT_S = 15.0
"""No step of connecting may take longer."""

KEEPALIVE_S = 20
"""A connection that carries nothing says so this often, or a router on the way forgets it."""

_WINDOW = 8 << 20
_PACKET = 128 << 10
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
"""Taken where the server has them: encryption and check in one step, twice as fast here as aes128-ctr with its HMAC."""


class Link:
    """See the module. Usable from several threads."""

    def __init__(self, place: str, address: Address, *, limit_s: float | None = None) -> None:
        self.place = place
        self.address = address
        self.limit_s = LIMIT_S if limit_s is None else limit_s
        self._lock = threading.RLock()
        self._transport: paramiko.Transport | None = None
        self._idle: list[Wire] = []
        self._shared: dict[str, Wire] = {}
        self.made = 0
        """How many connections there were: whoever holds something of an older one holds nothing."""
        self.host_key = ""
        self._spoke = False
        """SFTP was once spoken there: then a session that ends at once was cut off."""

    def close(self) -> None:
        """End it; the next use connects again. Never raises."""
        with self._lock:
            transport, self._transport = self._transport, None
            self._idle.clear()
            self._shared.clear()
        if transport is not None:
            transport.close()

    def connect(self) -> None:
        """Be connected. Raises Away, Denied."""
        with self._lock:
            if self._transport is None or not self._transport.is_active():
                self.close()
                self._transport = self._connected()
                self.made += 1

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        """A session for one thread, given back when nobody waits for an answer of it any more."""
        wire = self._any()
        try:
            yield wire
        except Severed as severed:
            raise self.lost(severed, wire) from severed
        with self._lock:
            if not wire.is_over and wire.born == self.made and wire not in self._shared.values():
                self._idle.append(wire)

    def shared(self, name: str) -> Wire:
        """The session `name`, for any thread."""
        with self._lock:
            self.connect()
            found = self._shared.get(name)
            if found is None or found.is_over:
                found = self._shared[name] = self._session_or_other()
            return found

    def count_sessions(self, most: int) -> int:
        """How many sessions the server allows beside those in use, up to `most`; they stay for later use."""
        with self._lock:
            self.connect()
            while len(self._idle) < most:
                try:
                    self._idle.append(self._session())
                except Denied:
                    break
            return len(self._idle)

    def command(self, words: str, limit_s: float) -> paramiko.Channel | None:
        """A command running over there, with its input and output; None where the server runs none for us."""
        from paramiko import SSHException

        with self._lock:
            self.connect()
            transport = self._transport
            assert transport is not None
            try:
                channel = transport.open_session(timeout=CONNECT_S)
                channel.settimeout(limit_s)
                channel.exec_command(words)
            except (SSHException, OSError, EOFError) as error:
                if transport.is_active():
                    return None
                raise self.lost(Severed("the connection broke off")) from error
            return channel

    def lost(self, severed: Severed, wire: Wire | None = None) -> LocationError:
        """The error for a session that broke off. What is left of its connection goes too, not a newer one."""
        with self._lock:
            if wire is None or wire.born == self.made:
                self.close()
        return Lost(self.place, f"{self.address.server}: {severed}")

    def _any(self) -> Wire:
        with self._lock:
            self.connect()
            while self._idle:
                wire = self._idle.pop()
                if not wire.is_over:
                    return wire
            return self._session_or_other()

    def _session_or_other(self) -> Wire:
        """A new session; where the server allows no more of them, one that is shared already."""
        try:
            return self._session()
        except Denied:
            others = [wire for wire in self._shared.values() if not wire.is_over]
            if not others:
                raise
            return others[0]

    def _session(self) -> Wire:
        from paramiko import ChannelException, SSHException

        from fonoteca.locations.sftp.stream import Stream

        transport = self._transport
        assert transport is not None
        try:
            channel = transport.open_session(window_size=_WINDOW, max_packet_size=_PACKET, timeout=CONNECT_S)
            channel.settimeout(self.limit_s)
            stream = Stream(channel, self.limit_s)
            channel.invoke_subsystem("sftp")
        except ChannelException as error:
            raise Denied(
                self.place, f"{self.address.server} allows no further session ({error.text})"
            ) from error
        except (SSHException, OSError, EOFError) as error:
            if transport.is_active():
                raise self._no_sftp() from error
            raise self.lost(Severed("the connection broke off")) from error
        try:
            wire = Wire(stream)
        except Severed as severed:
            if not self._spoke and transport.is_active():
                raise self._no_sftp() from severed
            raise self.lost(severed) from severed
        self._spoke = True
        wire.born = self.made
        return wire

    def _no_sftp(self) -> Denied:
        return Denied(
            self.place,
            f"{self.address.server} offers this account no SFTP",
            "Allow the sftp subsystem there (`Subsystem sftp internal-sftp` in sshd_config).",
        )

    # connecting

    def _connected(self) -> paramiko.Transport:
        paramiko = _paramiko(self.place)
        logging.getLogger("paramiko").setLevel(
            logging.CRITICAL
        )  # what it has to say reaches people through us
        known = hosts.known_keys(self.place, self.address)
        from fonoteca.locations.sftp.packetizer import QuickPacketizer

        try:
            transport = paramiko.Transport(
                self._socket(),
                default_window_size=_WINDOW,
                default_max_packet_size=_PACKET,
                packetizer_class=QuickPacketizer,
            )
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._unreached(error) from error
        try:
            transport.banner_timeout = transport.handshake_timeout = CONNECT_S
            transport.auth_timeout = transport.channel_timeout = CONNECT_S
            _prefer(transport, [key.get_name() for key in known])
            transport.start_client(timeout=CONNECT_S)
            shown = transport.get_remote_server_key()
            hosts.check(self.place, self.address, shown, known)
            self.host_key = hosts.fingerprint(shown)
            login(self.place, self.address, self._user(), transport)
            transport.set_keepalive(KEEPALIVE_S)
        except (paramiko.SSHException, OSError, EOFError) as error:
            transport.close()
            raise self._unreached(error) from error
        except BaseException:
            transport.close()
            raise
        return transport  # type: ignore[no-any-return]  # paramiko was loaded just now, which no checker sees

    def _socket(self) -> socket.socket:
        made = socket.create_connection((self.address.host, self.address.port), timeout=CONNECT_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
        if user_timeout is not None:
            made.setsockopt(socket.IPPROTO_TCP, user_timeout, int(self.limit_s * 1000))
        return made

    def _user(self) -> str:
        return self.address.user or getpass.getuser()

    def _unreached(self, error: Exception) -> Away:
        """A server that answered a moment ago may be back in another; one that never did is away."""
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, TimeoutError):
            said = "no answer in time"
        reason = f"{self.address.server} cannot be reached ({said[:1].lower()}{said[1:]})"
        if self.made:
            return Lost(self.place, reason)
        return Away(
            self.place,
            reason,
            "Check that it is on and that the address is right, and run this again.",
        )


def _paramiko(place: str):  # type: ignore[no-untyped-def]  # a module, loaded when it is needed
    try:
        import paramiko
    except ImportError as error:
        raise Denied(
            place, "SFTP needs paramiko, which is not installed", "Run `pip install 'fonoteca[sftp]'`."
        ) from error
    return paramiko


def _prefer(transport: paramiko.Transport, known: list[str]) -> None:
    """Ask the server for the kind of key that we know of it, and for the faster ciphers."""
    options = transport.get_security_options()
    kinds = [each for each in options.key_types if _kind(each) in known]
    if kinds:
        options.key_types = [*kinds, *(each for each in options.key_types if each not in kinds)]
    with suppress(ValueError):  # a paramiko without them has others
        options.ciphers = [*_CIPHERS, *(each for each in options.ciphers if each not in _CIPHERS)]


def _kind(algorithm: str) -> str:
    """The kind of key that an algorithm signs with: RSA has several."""
    return "ssh-rsa" if algorithm.startswith(("rsa-sha2", "ssh-rsa")) else algorithm
