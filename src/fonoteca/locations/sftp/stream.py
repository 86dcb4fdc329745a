"""A channel as a stream of bytes: what is asked for is waited for once, not packet by packet.

    stream = Stream(channel, limit_s=60.0)
    stream.sendall(head, block)
    stream.take(4)

Takes what `packetizer` hands over without copying it, and works over paramiko's own packets too.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from fonoteca.core.digest import Block
from fonoteca.locations.sftp.packetizer import Data, cut

if TYPE_CHECKING:
    from paramiko import Channel

_BURST = 256 << 10
"""So many bytes are handed over at once at most, so that other channels get their turn."""


class _Inbox:
    """What came for a channel: takes the place of paramiko's `in_buffer`. `limit_s`: without one byte more."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._change = threading.Condition()
        self._blocks: deque[memoryview] = deque()
        self._held = 0
        self._wanted = 0
        self._last = 0.0
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Some came."""
        with self._change:
            self._blocks.append(memoryview(data))
            self._held += len(data)
            self._last = time.monotonic()
            if 0 < self._wanted <= self._held:
                self._change.notify()

    def close(self) -> None:
        """No more comes."""
        with self._change:
            self._closed = True
            self._change.notify()

    def take(self, count: int) -> bytes:
        """So many bytes, fewer at the end. Raises TimeoutError."""
        with self._change:
            if self._held < count and not self._closed:
                self._wait(count)
            some: list[memoryview] = []
            left = min(count, self._held)
            self._held -= left
            while left:
                block = self._blocks.popleft()
                if len(block) > left:
                    self._blocks.appendleft(block[left:])
                    block = block[:left]
                some.append(block)
                left -= len(block)
        return b"".join(some)

    def _wait(self, count: int) -> None:
        self._wanted, self._last = count, time.monotonic()
        try:
            while self._held < count and not self._closed:
                left = self._last + self._limit_s - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self._change.wait(left)
        finally:
            self._wanted = 0


class Stream:
    """See the module. `take` is for one thread at a time, and so is `sendall`. All raise OSError or EOFError."""

    def __init__(self, channel: Channel, limit_s: float) -> None:
        self._channel = cast(Any, channel)  # what it keeps to itself is not in its types
        self._inbox = _Inbox(limit_s)
        self._channel.in_buffer = self._inbox

    def sendall(self, *blocks: Block) -> None:
        """Send all of them; they may be changed afterwards."""
        for burst in cut(blocks, _BURST):
            while burst:
                size = self._room(sum(map(len, burst)))
                pieces = cut(burst, size)
                self._send(
                    Data(self._channel.remote_chanid, pieces[0], self._channel.out_max_packet_size - 64)
                )
                burst = [block for piece in pieces[1:] for block in piece]

    def _send(self, message: object) -> None:
        self._channel.transport._send_user_message(message)

    def _room(self, wanted: int) -> int:
        """So many bytes the other side takes now; waits until it takes some."""
        channel, found = self._channel, 0
        most = channel.out_max_packet_size
        with channel.lock:
            while found < wanted:
                if found and not channel.out_window_size:
                    break
                room = 0 if channel.closed else channel._wait_for_send_window(min(wanted - found, most))
                if not room:
                    raise OSError("Socket is closed")
                found += room
        return found

    def take(self, count: int) -> bytes:
        """So many bytes, fewer at the end."""
        found = self._inbox.take(count)
        taken = self._channel._check_add_window(len(found))
        if taken > 0:
            self._send(_adjusted(self._channel.remote_chanid, taken))
        return found

    def close(self) -> None:
        """End it."""
        self._channel.close()


def _adjusted(channel: int, count: int) -> object:
    """The message that so many bytes more may come (RFC 4254, section 5.2)."""
    from paramiko.common import cMSG_CHANNEL_WINDOW_ADJUST
    from paramiko.message import Message

    message = Message()
    message.add_byte(cMSG_CHANNEL_WINDOW_ADJUST)
    message.add_int(channel)
    message.add_int(count)
    return message
