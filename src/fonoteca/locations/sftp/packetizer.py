"""The packets of an SSH connection, sealed and opened in a hurry: what paramiko's own does, with a third of its work.

Python's interpreter is what large files wait for over SSH. So where the cipher is AES-GCM, which seals and checks in
one step, many packets go to the kernel in one call and come from it in one, and music is copied once each way.
Whatever else a connection uses (other ciphers, the first packets) is left to paramiko.

The packet (RFC 4253, section 6; RFC 5647, section 7; OpenSSH's PROTOCOL, 1.6): length, sealed(padding length,
payload, padding), tag; the length is what is vouched for beside it.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
from collections.abc import Sequence
from socket import socket
from typing import Any

from paramiko.common import MSG_CHANNEL_DATA
from paramiko.message import Message
from paramiko.packet import NeedRekeyException, Packetizer
from paramiko.ssh_exception import SSHException

from fonoteca.core.digest import Block

LARGEST = 32 << 10
"""Bytes of a packet's payload at most, as every server takes them (RFC 4253, section 6.1)."""

_TOGETHER = 8
"""So many packets go to the kernel at once."""

_RECEIVED = 1 << 20
"""So many bytes are taken from the kernel at most in one call."""

_TAG = 16
_LENGTH = struct.Struct(">I")
_COUNTER = struct.Struct(">Q")
_HEAD = struct.Struct(">IB")
_DATA = struct.Struct(">BII")
_PADDINGS = tuple(
    # The sealed part is a multiple of 16, at least 4 of it padding.
    next(each for each in range(4, 20) if (1 + size + each) % 16 == 0)
    for size in range(16)
)


class Data:
    """Bytes of a channel: those that came in one packet, or those to be sent, in as many packets as it takes.

    Has of paramiko's Message what is asked of such a one.
    """

    __slots__ = ("blocks", "channel", "most")

    def __init__(self, channel: int, blocks: Sequence[memoryview], most: int = LARGEST) -> None:
        self.channel = channel
        self.blocks = blocks
        self.most = min(most, LARGEST - _DATA.size)
        """So many of them at most go into one packet."""

    def get_int(self) -> int:
        """The number of the channel."""
        return self.channel

    def get_binary(self) -> bytes:
        """The bytes, as they came."""
        return bytes(self.blocks[0])

    def asbytes(self) -> bytes:
        """The payload of one packet. The caller sees to it that there is no more."""
        size = sum(map(len, self.blocks))
        return b"".join((_DATA.pack(MSG_CHANNEL_DATA, self.channel, size), *self.blocks))


class _Key:
    """A key of AES-GCM with its counter: for each packet the next nonce."""

    __slots__ = ("_counter", "_fixed", "cipher")

    def __init__(self, cipher: Any, start: bytes) -> None:
        self.cipher = cipher
        self._fixed = start[:4]
        (self._counter,) = _COUNTER.unpack(start[4:])

    def nonce(self) -> bytes:
        """The next one."""
        found = self._fixed + _COUNTER.pack(self._counter)
        self._counter = (self._counter + 1) & 0xFFFFFFFFFFFFFFFF
        return found


class QuickPacketizer(Packetizer):
    """See the module. To be given to paramiko's Transport as its `packetizer_class`."""

    def __init__(self, made: socket) -> None:
        super().__init__(made)
        self._made = made
        self._outwards: _Key | None = None
        self._inwards: _Key | None = None
        self._sending = threading.Lock()
        self._padding = os.urandom(32)
        self._plain = bytearray(LARGEST + 64)
        self._out = bytearray(_TOGETHER * (LARGEST + 64 + _TAG))
        self._in = bytearray(_RECEIVED)
        self._start = self._end = 0
        """What came and was not looked at, in `_in`."""
        self._sent = self._came = self._overdue = 0

    # keys

    def set_outbound_cipher(self, *args: Any, **named: Any) -> None:
        """See paramiko: from now on this is how packets are sealed."""
        with self._sending:
            super().set_outbound_cipher(*args, **named)
            self._outwards = _key(named, "iv_out")
            self._sent = 0

    def set_inbound_cipher(self, *args: Any, **named: Any) -> None:
        """See paramiko: from now on this is how packets are opened."""
        super().set_inbound_cipher(*args, **named)
        self._inwards = _key(named, "iv_in")
        self._came = self._overdue = 0

    # sending

    def send_message(self, data: Any) -> None:
        """See paramiko. Raises EOFError when the connection is over."""
        with self._sending:
            key = self._outwards
            if key is None:
                for payload in _payloads(data):
                    super().send_message(payload)
                return
            used = 0
            for payload in _payloads(data):
                if used + len(self._plain) + _TAG > len(self._out):
                    self._write(used)
                    used = 0
                used += self._seal(key, payload, used)
            self._write(used)

    def _seal(self, key: _Key, payload: Any, at: int) -> int:
        """Put one packet into `_out`; how many bytes it has there."""
        plain = self._plain
        end = self._fill_in(payload)
        size = end - _HEAD.size
        padding = _PADDINGS[size % 16]
        if end + padding > len(plain):
            raise SSHException("a packet that is too long")
        plain[end : end + padding] = self._padding[:padding]
        _HEAD.pack_into(plain, 0, 1 + size + padding, padding)
        view = memoryview(plain)
        length = view[: _LENGTH.size]
        sealed = key.cipher.encrypt(key.nonce(), view[_LENGTH.size : end + padding], length)
        whole = _LENGTH.size + len(sealed)
        self._out[at : at + _LENGTH.size] = length
        self._out[at + _LENGTH.size : at + whole] = sealed
        return whole

    def _fill_in(self, payload: Any) -> int:
        """Put the payload into `_plain`; where it ends there."""
        plain, at = self._plain, _HEAD.size
        if not isinstance(payload, Data):
            whole = payload.asbytes()
            if len(whole) > LARGEST:
                raise SSHException("a packet that is too long")
            plain[at : at + len(whole)] = whole
            return at + len(whole)
        start = at = at + _DATA.size
        for block in payload.blocks:
            plain[at : at + len(block)] = block
            at += len(block)
        _DATA.pack_into(plain, _HEAD.size, MSG_CHANNEL_DATA, payload.channel, at - start)
        return at

    def _write(self, size: int) -> None:
        if not size:
            return
        self.write_all(memoryview(self._out)[:size])
        self._sent += size
        if self._sent >= self.REKEY_BYTES and not self.need_rekey():
            self._sent = 0
            self._trigger_rekey()  # type: ignore[attr-defined]  # what it keeps to itself is not in its types

    # receiving

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """See paramiko: so many bytes. What was taken from the kernel beyond what was asked for comes first."""
        if self._inwards is None and self._start == self._end:
            return bytes(super().read_all(n, check_rekey))
        self._fill(n, check_rekey)
        found = bytes(memoryview(self._in)[self._start : self._start + n])
        self._start += n
        return found

    def read_message(self) -> tuple[int, Any]:
        """See paramiko. Raises SSHException for what is no packet, EOFError when the connection is over."""
        key = self._inwards
        if key is None:
            return super().read_message()
        self._fill(_LENGTH.size, check_rekey=True)
        (length,) = _LENGTH.unpack_from(self._in, self._start)
        whole = _LENGTH.size + length + _TAG
        if length < 16 or whole > len(self._in):
            raise SSHException("a packet of an odd length")
        self._fill(whole)
        start, self._start = self._start, self._start + whole
        view = memoryview(self._in)[start : start + whole]
        plain = memoryview(key.cipher.decrypt(key.nonce(), view[_LENGTH.size :], view[: _LENGTH.size]))
        self._count(whole)
        return _opened(plain[1 : length - plain[0]])

    def _fill(self, size: int, check_rekey: bool = False) -> None:
        """Have so many bytes at `_start`."""
        held = self._end - self._start
        if held >= size:
            return
        if not held:
            self._start = self._end = 0
        elif self._start + size > len(self._in):
            self._in[:held] = self._in[self._start : self._end]
            self._start, self._end = 0, held
        while self._end - self._start < size:
            self._end += self._receive(check_rekey and self._start == self._end)

    def _receive(self, check_rekey: bool) -> int:
        """Take what there is; how many bytes came. Waits for some."""
        while True:
            if self.handshake_timed_out():
                raise EOFError
            try:
                count = self._made.recv_into(memoryview(self._in)[self._end :])
            except TimeoutError:
                pass
            except OSError as error:
                if self.closed:
                    raise EOFError from error
                if error.errno != errno.EAGAIN:
                    raise
            else:
                if not count:
                    raise EOFError
                return count
            if self.closed:
                raise EOFError
            if check_rekey and self.need_rekey():
                raise NeedRekeyException
            self._check_keepalive()  # type: ignore[attr-defined]

    def _count(self, size: int) -> None:
        """New keys are asked for after so many bytes; a server that gives none for as many again is left."""
        self._came += size
        if self._came < self.REKEY_BYTES:
            return
        if not self.need_rekey():
            self._came = self._overdue = 0
            self._trigger_rekey()  # type: ignore[attr-defined]  # what it keeps to itself is not in its types
        elif self._came - self.REKEY_BYTES >= self.REKEY_BYTES_OVERFLOW_MAX:
            raise SSHException("Remote transport is ignoring rekey requests")


def _key(named: dict[str, Any], start: str) -> _Key | None:
    """The key of AES-GCM; None for another cipher."""
    return _Key(named["block_engine"], named[start]) if named.get("aead") else None


def _opened(payload: memoryview) -> tuple[int, Any]:
    kind = payload[0]
    if kind != MSG_CHANNEL_DATA or len(payload) < _DATA.size:
        message = Message(bytes(payload[1:]))
        message.seqno = 0
        return kind, message
    _, channel, size = _DATA.unpack_from(payload)
    return kind, Data(channel, (payload[_DATA.size : _DATA.size + size],))


def _payloads(data: Any) -> Sequence[Any]:
    """Each fits into one packet."""
    if not isinstance(data, Data):
        return (data,)
    return [Data(data.channel, blocks) for blocks in cut(data.blocks, data.most)]


def cut(blocks: Sequence[Block], size: int) -> list[list[memoryview]]:
    """The same bytes in pieces of `size`, the last one smaller; nothing is copied.

    >>> [[bytes(each) for each in piece] for piece in cut((b"abc", b"defg"), 4)]
    [[b'abc', b'd'], [b'efg']]
    """
    pieces: list[list[memoryview]] = []
    room = 0
    for block in blocks:
        view = memoryview(block)
        while view:
            if not room:
                pieces.append([])
                room = size
            pieces[-1].append(view[:room])
            used = len(pieces[-1][-1])
            view, room = view[used:], room - used
    return pieces
