"""Tag edits that no library makes: in place, of the same size, as taggers with padding write them."""

from __future__ import annotations


def same_size_edit(data: bytes) -> bytes:
    """One letter of the artist in place, as a tagger with padding writes it; Ogg pages get their new sum."""
    edited = data.replace(b"Nina Simone", b"Nona Simone", 1)
    if edited == data:
        wide = "Nina".encode("utf-16-le"), "Nona".encode("utf-16-le")
        edited = data.replace(*wide, 1)
    assert edited != data
    return with_page_sums(edited) if data.startswith(b"OggS") else edited


def with_page_sums(data: bytes) -> bytes:
    """An Ogg file whose pages have right sums."""
    out, at = bytearray(data), 0
    while at < len(data):
        count = data[at + 26]
        end = at + 27 + count + sum(data[at + 27 : at + 27 + count])
        out[at + 22 : at + 26] = bytes(4)
        out[at + 22 : at + 26] = ogg_sum(bytes(out[at:end])).to_bytes(4, "little")
        at = end
    return bytes(out)


def ogg_sum(page: bytes) -> int:
    """CRC-32 as Ogg has it: polynomial 04C11DB7, no reflection, from 0."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value
