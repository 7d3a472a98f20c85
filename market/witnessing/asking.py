"""Asks one witness for its cosignature (C2SP tlog-witness, the client's side)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import requests

from ledger import cosign
from ledger.canonical import from_decimal
from ledger.checkpoint import parse_checkpoint
from ledger.errors import FormError, LedgerError
from ledger.note import VerifierKey, open_note, parse_note, signature_line
from ledger.request import SIZE_TYPE, Request
from market.wire import Wire, call

ANSWER_SECONDS: Final = 10.0
"""A witness that mirrors fetches the entries before it answers."""
MOST_BYTES: Final = 16_384
MOST_TRIES: Final = 3
"""How often one question is asked with another old size: once with a guess, once as told, once when overtaken."""
LONGEST_AHEAD: Final = 86_400
"""Seconds that a cosignature's time may lie after our clock; one from further ahead cannot be true."""

Prove = Callable[[int, int], list[bytes]]
"""Returns the consistency proof between two sizes of this log."""


class NotCosigned(Exception):
    """The witness did not cosign; the message says why."""


class Beyond(NotCosigned):
    """The witness has cosigned a larger head of this log than the one it is asked for.

    Args:
        size: of that head.
    """

    def __init__(self, size: int) -> None:
        super().__init__(f"it has cosigned a head of size {size} of this log")
        self.size = size


@dataclass
class Asker:
    """One witness and where it stands.

    Attributes:
        name: its name in the policy.
        key: its key.
        url: its submission prefix.
        old: size of the head that it cosigned last, as far as is known here.
    """

    name: str
    key: VerifierKey
    url: str
    old: int = 0

    def ask(self, note: str, prove: Prove, now: int) -> str:
        """Return the witness's signature line for a head of this log, newline included; verified.

        Args:
            note: the head, signed.
            prove: makes the proof from the witness's last head.
            now: our clock, in seconds since 1970.

        Raises:
            NotCosigned: it does not cosign, or says what is no cosignature of its own.
            Beyond: it knows a larger head: this log went back, or another copy signs with its key.
            WireError: it does not answer.
        """
        size = parse_checkpoint(parse_note(note)[0]).size
        with Wire() as wire:
            for _ in range(MOST_TRIES):
                if self.old > size:
                    raise Beyond(self.old)
                told = self._once(wire, note, prove(self.old, size) if 0 < self.old < size else [], now)
                if isinstance(told, str):
                    self.old = size
                    return told
                self.old = told
        raise NotCosigned("it names another old size every time")

    def _once(self, wire: Wire, note: str, proof: list[bytes], now: int) -> str | int:
        """Ask once; return the line, or the size that it wants the proof from."""
        answer = call(
            wire,
            "POST",
            f"{self.url.rstrip('/')}/add-checkpoint",
            limit=MOST_BYTES,
            until=time.monotonic() + ANSWER_SECONDS,
            body=Request(self.old, tuple(proof), note).body(),
        )
        if answer.status == requests.codes.ok:
            return self._line(note, answer.body, now)
        if answer.status == requests.codes.conflict and answer.media_type == SIZE_TYPE:
            return _size(answer.body)
        said = answer.body[:200].decode("utf-8", "replace").strip()
        raise NotCosigned(f"status {answer.status}: {said}")

    def _line(self, note: str, body: bytes, now: int) -> str:
        """Return the one line of this witness in an answer; lines of other keys are nobody's here."""
        text = parse_note(note)[0]
        try:
            answered = f"{text}\n{body.decode('utf-8')}"
            open_note(answered, [self.key])
            line = next(
                line
                for line in parse_note(answered)[1]
                if (line.name, line.id) == (self.key.name, self.key.id)
            )
            said = cosign.signed_at(line)
        except (LedgerError, UnicodeDecodeError) as error:
            raise NotCosigned(f"its answer is no cosignature of its key: {error}") from error
        if not 0 < said < now + LONGEST_AHEAD:
            raise NotCosigned("its cosignature is of a time that cannot be")
        return signature_line(self.key, line.signature)


def _size(body: bytes) -> int:
    try:
        text = body.decode("ascii")
        if not text.endswith("\n"):
            raise FormError("a size ends in a newline")
        return from_decimal(text[:-1])
    except (LedgerError, UnicodeDecodeError) as error:
        raise NotCosigned(f"it names no size: {error}") from error
