"""What others have seen of this log: a file an operator kept, an address, the witnesses of the policy."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import requests
import structlog

from ledger.checkpoint import parse_checkpoint
from ledger.errors import LedgerError
from ledger.note import MAX_NOTE, VerifierKey, open_note
from ledger.policy import Policy
from market import trust
from market.config import Settings
from market.governance.archive import BackupError
from market.wire import Wire, WireError, call

SECONDS: Final = 1.5
"""How long the witnesses may take at a start, which waits for them with writing, not with reading."""
PATIENCE: Final = 30.0
"""How long an operator waits who asks for it."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Head:
    """A state of the log that somebody has seen signed.

    Attributes:
        where: who holds it, in the operator's words.
        size: number of entries.
        root: their tree's root.
        witness: whose answer this is; None for what did not come from a witness.
    """

    where: str
    size: int
    root: bytes
    witness: VerifierKey | None = None


def head_of(where: str, note: str, keys: Sequence[VerifierKey]) -> Head:
    """Return the head that a signed note is about.

    Args:
        where: who holds it.
        note: the note.
        keys: the log's public keys.

    Raises:
        LedgerError: none of the keys signed it, or it is no checkpoint: it says nothing about this log.
    """
    text, _signed = open_note(note, list(keys))
    checkpoint = parse_checkpoint(text)
    return Head(where, checkpoint.size, checkpoint.root)


def kept(place: str, keys: Sequence[VerifierKey]) -> Head:
    """Return the checkpoint that an operator names.

    Args:
        place: a file, or an http(s) address such as ``https://exchange.example/ledger/checkpoint``.
        keys: the log's public keys.

    Raises:
        BackupError: it cannot be had, or it is no checkpoint of this log.
    """
    try:
        away = place.startswith(("http://", "https://"))
        return head_of(place, _fetched(place, PATIENCE) if away else Path(place).read_text("utf-8"), keys)
    except (OSError, LedgerError, WireError, UnicodeDecodeError) as error:
        raise BackupError(f"{place} is no checkpoint of this log: {error}") from error


def witnessed(settings: Settings, keys: Sequence[VerifierKey], seconds: float = SECONDS) -> list[Head]:
    """Return the newest head that each witness of the evidence policy has cosigned; who does not answer says nothing.

    Args:
        settings: name the policy.
        keys: the log's public keys; what none of them signed is no evidence, or a witness could stop the exchange.
        seconds: how long all of them together may take.

    Raises:
        OSError: the policy cannot be read.
        FormError: it is not a policy.
    """
    return list(_answers(trust.evidence(settings, keys), settings.origin, keys, seconds))


def suffice(settings: Settings, keys: Sequence[VerifierKey], seen: Iterable[Head]) -> bool:
    """Tell whether no head that evidence rests on can be hidden by those witnesses that have not answered.

    That is so when the silent ones do not make up the quorum by themselves: each head that the policy ever accepted was
    then cosigned by one that did answer. One answer out of many would not do, nor a quorum of them: where any one of
    two witnesses is enough for evidence, the silent one may have cosigned what the other never saw. With a quorum of
    none nothing is known of who saw a head, so all must answer.

    Args:
        settings: name the policy.
        keys: the log's public keys.
        seen: what was answered.

    Raises:
        OSError: the policy cannot be read.
        FormError: it is not a policy.
    """
    policy = trust.evidence(settings, keys)
    silent = frozenset(policy.witnesses.values()) - {head.witness for head in seen}
    return not silent or not policy.is_reached(silent)


def has_witnesses(settings: Settings) -> bool:
    """Tell whether anybody is named who could be asked."""
    return bool(settings.ledger_policy)


def _answers(policy: Policy, origin: str, keys: Sequence[VerifierKey], seconds: float) -> Iterator[Head]:
    name = hashlib.sha256(origin.encode()).hexdigest()
    urls = {key: policy.urls[key] for key in policy.witnesses.values() if key in policy.urls}
    if not urls:
        return
    pool = ThreadPoolExecutor(max_workers=len(urls), thread_name_prefix="head")
    asked = {
        witness: pool.submit(_fetched, f"{url.rstrip('/')}/{name}/checkpoint", seconds)
        for witness, url in urls.items()
    }
    wait(asked.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    for witness, answer in asked.items():
        try:
            head = head_of(f"the witness {witness.name}", answer.result(timeout=0), keys)
            yield replace(head, witness=witness)
        except (LedgerError, WireError, TimeoutError, UnicodeDecodeError) as error:
            _log.warning("guard.witness_silent", witness=witness.name, why=str(error))


def _fetched(url: str, seconds: float) -> str:
    """Return a small text."""
    with Wire() as wire:
        answer = call(wire, "GET", url, limit=MAX_NOTE, until=time.monotonic() + seconds)
    if answer.status != requests.codes.ok:
        raise WireError(f"{url}: status {answer.status}")
    return answer.body.decode("utf-8")
