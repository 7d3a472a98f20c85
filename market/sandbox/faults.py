"""Things that go wrong on purpose, asked for over the control surface, for the next few requests."""

import random
import threading
from dataclasses import dataclass
from typing import Any

KINDS = ("refuse", "break", "cut", "slow", "lose", "hang", "garble", "deny")


@dataclass
class Fault:
    """What happens to the next ``times`` requests of this method and path.

    Before anything is done: ``refuse`` answers ``status``, ``cut`` drops the connection, ``slow`` waits
    ``seconds`` first, ``break`` begins, undoes, answers 500 and keeps that as the key's result. After it is
    done and kept: ``lose`` drops the connection, ``hang`` answers ``seconds`` later, ``deny`` answers ``status``
    in the platform's words, ``garble`` the same with a page of somebody in between. With ``percent`` only
    so many of a hundred requests are struck, by chance of ``seed``. ``retry`` and ``after`` are the headers
    Stripe-Should-Retry and Retry-After.
    """

    kind: str
    method: str = "POST"
    path: str = "/v1/"
    times: int = 1
    status: int = 500
    seconds: float = 0.0
    retry: str = ""
    after: int = 0
    percent: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in (*KINDS, "none"):
            raise TypeError(f"unknown fault: {self.kind}")
        self._chance = random.Random(self.seed)  # noqa: S311 - the same troubles for the same seed

    def strikes(self, method: str, path: str) -> bool:
        """Whether it happens to this request."""
        if self.method != method or not path.startswith(self.path):
            return False
        return self.percent >= 100 or self._chance.randrange(100) < self.percent


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, asked: dict[str, Any]) -> None:
        """Take a fault in; TypeError when a name or the kind is unknown."""
        fault = Fault(**asked)
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget the faults still to come."""
        with self._lock:
            self._waiting.clear()

    def next(self, method: str, path: str) -> Fault:
        """Use up one fault for this request; ``Fault("none")`` when there is none."""
        with self._lock:
            for fault in self._waiting:
                if fault.strikes(method, path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return Fault("none")
