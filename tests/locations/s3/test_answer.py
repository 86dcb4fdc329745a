"""Answers as servers word them, and as none may."""

from __future__ import annotations

import io

import pytest

from fonoteca.locations.s3.answer import Answer, Spoilt


class Line:
    """Remembers how it was left: None while it is in use."""

    clean: bool | None = None

    def release(self, *, clean: bool) -> None:
        """See `answer.Line`."""
        self.clean = clean


def answer(text: bytes, method: str = "GET") -> tuple[Answer, Line]:
    """What a server says, as it is understood."""
    line = Line()
    return Answer.begun(io.BytesIO(text), line, method), line


BODIES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmusicHTTP",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nmu\r\n3\r\nsic\r\n0\r\nEtag: x\r\n\r\n",
    "after Continue": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nmusic",
}


@pytest.mark.parametrize("text", BODIES.values(), ids=BODIES)
def test_a_body_has_its_end_and_leaves_the_connection_good(text: bytes):
    """The next request goes over the same connection."""
    found, line = answer(text)

    assert (found.status, found.read()) == (200, b"music")
    assert line.clean is True


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 5\r\n\r\nmusic",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nmusic",
        b"HTTP/1.1 200 OK\r\n\r\nmusic",
    ],
)
def test_a_connection_that_ends_with_its_answer_is_not_used_again(text: bytes):
    """The server said so, or its end alone tells that the body has ended."""
    found, line = answer(text)

    assert found.read() == b"music"
    assert line.clean is False


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nmusic",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nmusic",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nmusic\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nmusic\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"",
    ],
)
def test_what_broke_off_or_is_no_answer_is_never_taken_for_one(text: bytes):
    """Half a body that looks whole would be half a song."""
    with pytest.raises(Spoilt):
        answer(text)[0].read()


def test_what_has_no_body_by_its_nature_has_none_whatever_its_length_says():
    """HEAD tells how long the object is, and sends nothing."""
    found, line = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "HEAD")

    assert found.headers["content-length"] == "5000"
    assert (found.read(), line.clean) == (b"", True)


def test_an_answer_that_is_let_go_of_takes_its_connection_along():
    """What is left of it would be taken for the next answer."""
    found, line = answer(BODIES["length"])
    with found:
        assert found.read(2) == b"mu"

    assert line.clean is False
