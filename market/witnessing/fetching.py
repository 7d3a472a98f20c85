"""Brings a journal back from a mirror, for the restore of its log: every record checked, in order, without a gap."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import requests
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ledger.errors import LedgerError
from ledger.note import Signer, VerifierKey
from market import clock
from market.steps.journal import Record
from market.wire import Wire, WireError, call
from market.witnessing import segments
from market.witnessing.segments import Segment

ANSWER_SECONDS: Final = 120.0
"""How long one segment may take."""


class JournalEnds(Exception):
    """The mirror gives no further record; the message says why.

    Args:
        index: of the entry whose record is lacking.
        why: what the mirror said, or what is wrong with what it gave.
    """

    def __init__(self, index: int, why: str) -> None:
        super().__init__(f"the journal ends before entry {index}: {why}")
        self.index = index


def fetch(
    url: str,
    signer: Signer,
    private: Sequence[X25519PrivateKey],
    first: int,
    size: int,
    known: Sequence[VerifierKey] = (),
) -> Iterator[Record]:
    """Yield the records of consecutive entries from a mirror.

    A record is what its log sealed and signed; that its leaf is the entry of that place is for the caller to hold
    against the log itself.

    Args:
        url: the witness's submission prefix, as in the policy.
        signer: a key of the log that the mirror knows; its name is the log's origin.
        private: the keys that open the journal (:func:`market.sealing.parse_file`).
        first: index of the first entry that is wanted.
        size: how many.
        known: further keys by which the log signed, such as those that were retired.

    Raises:
        JournalEnds: after the last record that could be had: the mirror has no more, or what it gave is not the
            log's journal.
        WireError: the mirror does not answer.
        RuntimeError: a transaction is open in this thread.
    """
    keys = [signer.verifier, *known]
    index, end = first, first + size
    with Wire() as wire:
        while index < end:
            try:
                segment = _segment(wire, url, signer, keys, index)
                records = segment.records(private)
            except LedgerError as error:
                raise JournalEnds(index, str(error)) from error
            for record in records:
                if record.index == index < end:
                    yield record
                    index += 1


def _segment(wire: Wire, url: str, signer: Signer, keys: Sequence[VerifierKey], index: int) -> Segment:
    """Return the segment of this log that has an entry in it."""
    answer = call(
        wire,
        "POST",
        f"{url.rstrip('/')}/journal/read",
        limit=segments.MOST_BODY,
        until=time.monotonic() + ANSWER_SECONDS,
        body=segments.question(signer, segments.READ, index, clock.now()),
    )
    if answer.status == requests.codes.service_unavailable:
        raise WireError(f"{url} is busy: try again")
    if answer.status != requests.codes.ok:
        said = answer.body[:200].decode("utf-8", "replace").strip()
        raise JournalEnds(index, f"the mirror answers {answer.status}: {said}")
    segment = segments.parse(answer.body, keys)
    if segment.origin != signer.name or not segment.first <= index < segment.end:
        raise JournalEnds(
            index, f"the mirror gives entries {segment.first} to {segment.end - 1} of {segment.origin}"
        )
    return segment
