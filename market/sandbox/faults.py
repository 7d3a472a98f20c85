"""Things that go wrong on purpose, asked for over the control surface, for the next few requests."""

import threading
from dataclasses import dataclass
from typing import Any


@dataclass
class Fault:
    """What happens to the next ``times`` requests of this method and path.

    ``refuse``: answer ``status`` and do nothing. ``break``: begin, undo, answer 500 and keep that as
    the key's result. ``lose``: do it and drop the connection. ``garble``: do it and answer ``status`` with
    a page of somebody in between. ``slow``: wait ``seconds``, then do it.
    """

    kind: str
    method: str = "POST"
    path: str = "/v1/"
    times: int = 1
    status: int = 500
    seconds: float = 0.0
    retry: str = ""


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, asked: dict[str, Any]) -> None:
        """Take a fault in; TypeError when a name is unknown."""
        with self._lock:
            self._waiting.append(Fault(**asked))

    def next(self, method: str, path: str) -> Fault:
        """Use up one fault for this request; ``Fault("none")`` when there is none."""
        with self._lock:
            for fault in self._waiting:
                if fault.method == method and path.startswith(fault.path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return Fault("none")
