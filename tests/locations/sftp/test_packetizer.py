"""SSH packets sealed and opened in a hurry: what paramiko's own packetizer reads and writes, and nothing else."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from paramiko.common import MSG_CHANNEL_DATA
from paramiko.message import Message
from paramiko.packet import Packetizer

from fonoteca.core.place import Key
from fonoteca.locations.sftp.packetizer import Data, QuickPacketizer, cut
from support.places import content, put
from support.sshd import sftp_location, sshd

KEY, START = b"k" * 16, b"n" * 11 + b"\xfe"


class Pair:
    """Two ends of a connection that share a key."""

    def __init__(self, sender: type[Packetizer], receiver: type[Packetizer]) -> None:
        near, self.far = socket.socketpair()
        self.sender, self.receiver = sender(near), receiver(self.far)
        facts = {"block_size": 16, "mac_engine": None, "mac_size": 16, "mac_key": None, "aead": True}
        self.sender.set_outbound_cipher(block_engine=AESGCM(KEY), iv_out=START, **facts)
        self.receiver.set_inbound_cipher(block_engine=AESGCM(KEY), iv_in=START, **facts)

    def send(self, message: object) -> None:
        """In a thread: what is large waits for the other end."""
        threading.Thread(target=self.sender.send_message, args=(message,), daemon=True).start()


def channel_data(data: bytes) -> Message:
    """A packet of a channel's bytes, as paramiko makes it."""
    message = Message()
    message.add_byte(bytes((MSG_CHANNEL_DATA,)))
    message.add_int(7)
    message.add_string(data)
    return message


@given(st.lists(st.binary(max_size=100), max_size=6), st.integers(1, 50))
def test_pieces_are_the_same_bytes(blocks: list[bytes], size: int):
    """Nothing is lost or repeated where bytes are cut into packets."""
    pieces = [b"".join(each) for each in cut(blocks, size)]

    assert b"".join(blocks) == b"".join(pieces)
    assert [size] * (len(pieces) - 1) == [len(each) for each in pieces[:-1]]


def test_paramiko_reads_what_we_seal():
    """Of every length: the padding is right, and each packet has a nonce of its own."""
    pair = Pair(QuickPacketizer, Packetizer)
    for size in (0, *range(1, 40), 1000, 32_000):
        data = os.urandom(size)
        pair.send(Data(7, [memoryview(data)]) if data else channel_data(b""))
        kind, message = pair.receiver.read_message()

        assert (MSG_CHANNEL_DATA, 7, data) == (kind, message.get_int(), message.get_binary())


def test_we_read_what_paramiko_seals():
    """Of every length, also when many packets come at once."""
    pair = Pair(Packetizer, QuickPacketizer)
    sent = [os.urandom(size) for size in (*range(40), 1000, 32_000, 100_000)]
    threading.Thread(target=lambda: [pair.sender.send_message(channel_data(each)) for each in sent]).start()

    for data in sent:
        kind, message = pair.receiver.read_message()
        assert (MSG_CHANNEL_DATA, 7, data) == (kind, message.get_int(), message.get_binary())


def test_large_data_goes_in_packets_that_every_server_takes():
    """A receiver may refuse a channel's packet beyond what it allowed."""
    pair = Pair(QuickPacketizer, QuickPacketizer)
    data = os.urandom(1_000_000)
    pair.send(Data(7, [memoryview(data)], most=30_000))

    came: list[bytes] = []
    while sum(map(len, came)) < len(data):
        came.append(pair.receiver.read_message()[1].get_binary())
    assert data == b"".join(came)
    assert 30_000 == max(map(len, came))


def test_a_packet_that_was_changed_on_the_way_is_not_believed():
    """One bit, and the connection is over: what checks is the cipher itself."""
    pair = Pair(QuickPacketizer, QuickPacketizer)
    pair.sender.send_message(channel_data(b"music"))
    packet = bytearray(pair.far.recv(1000))
    packet[10] ^= 1
    changed, pair.receiver._made = socket.socketpair()  # type: ignore[attr-defined]
    changed.sendall(packet)

    with pytest.raises(InvalidTag):
        pair.receiver.read_message()


@pytest.mark.parametrize("cipher", ["aes256-gcm@openssh.com", "aes128-ctr"])
def test_new_keys_in_the_middle_of_a_file_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cipher: str
):
    """Keys wear out: both ways they are changed while bytes are under way, and with other ciphers paramiko does it."""
    made: list[str] = []
    real = QuickPacketizer.set_inbound_cipher
    monkeypatch.setattr(QuickPacketizer, "REKEY_BYTES", 2 << 20)
    monkeypatch.setattr(
        QuickPacketizer, "set_inbound_cipher", lambda self, **named: (made.append("key"), real(self, **named))
    )
    data = os.urandom(9 << 20)
    with sshd(tmp_path / "sshd", more=f"Ciphers {cipher}") as server:
        location = sftp_location(server, tmp_path / "nas")
        with location.open(write=True) as place:
            made.clear()
            assert put(place, b"music/a", data).error is None
            while_sent = len(made)

            assert data == content(place, Key(b"music/a"))
            assert while_sent >= 2
            assert len(made) >= while_sent + 2
