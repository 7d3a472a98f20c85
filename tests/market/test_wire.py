"""A call to another's server ends by its deadline, whatever that server does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from market.wire import Wire, WireError, call

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"
PAUSE = 0.05


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that does as it is told with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    taken, _address = listening.accept()
                    with taken, suppress(OSError):
                        taken.recv(65_536)
                        answer(taken)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        listening.shutdown(socket.SHUT_RDWR)


def dribble(taken: socket.socket, data: bytes) -> None:
    for byte in data:
        taken.sendall(bytes([byte]))
        time.sleep(PAUSE)


def dribble_body(taken: socket.socket) -> None:
    taken.sendall(HEAD)
    dribble(taken, bytes(1000))


def dribble_head(taken: socket.socket) -> None:
    dribble(taken, b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 1000)


def fall_silent(taken: socket.socket) -> None:
    taken.sendall(HEAD)
    dribble(taken, bytes(8))
    time.sleep(3)


@pytest.mark.parametrize("answer", [dribble_body, dribble_head, fall_silent])
def test_a_server_that_keeps_a_call_waiting_is_left(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as url, Wire() as wire:
        began = time.monotonic()
        with pytest.raises(WireError, match="does not answer"):
            call(wire, "GET", url, limit=2000, until=began + 0.5)
        assert time.monotonic() - began < 1.5


def test_a_call_after_one_on_the_same_connection_has_its_own_time() -> None:
    def twice(taken: socket.socket) -> None:
        for _turn in range(2):
            taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            taken.recv(65_536)

    with serving(twice) as url, Wire() as wire:
        assert call(wire, "GET", url, limit=2, until=time.monotonic() + 0.3).body == b"ok"
        time.sleep(0.4)
        assert call(wire, "GET", url, limit=2, until=time.monotonic() + 5).body == b"ok"


def test_more_than_was_asked_for_is_refused() -> None:
    with serving(lambda taken: taken.sendall(HEAD + bytes(1000))) as url, Wire() as wire:
        assert len(call(wire, "GET", url, limit=1000, until=time.monotonic() + 5).body) == 1000
        with pytest.raises(WireError, match="more than 999 bytes"):
            call(wire, "GET", url, limit=999, until=time.monotonic() + 5)


def test_there_must_be_time_left() -> None:
    with Wire() as wire, pytest.raises(WireError, match="no time left"):
        call(wire, "GET", "http://localhost:9/", limit=1, until=time.monotonic())
