"""What others have seen of this log: a file an operator kept, an address, the witnesses of the policy."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

import requests
import structlog

from ledger.errors import LedgerError
from ledger.note import MAX_NOTE, VerifierKey
from ledger.policy import Policy
from market import trust
from market.config import Settings
from market.governance.archive import BackupError
from market.governance.guard import Head, head_of
from market.wire import Wire, WireError, call

SECONDS: Final = 1.5
"""How long the witnesses may take at a start, which waits for them with writing, not with reading."""
PATIENCE: Final = 30.0
"""How long an operator waits who asks for it."""

_log = structlog.get_logger(__name__)


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


def has_witnesses(settings: Settings) -> bool:
    """Tell whether anybody is named who could be asked."""
    return bool(settings.ledger_policy)


def _answers(policy: Policy, origin: str, keys: Sequence[VerifierKey], seconds: float) -> Iterator[Head]:
    name = hashlib.sha256(origin.encode()).hexdigest()
    urls = {key.name: policy.urls[key] for key in policy.witnesses.values() if key in policy.urls}
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
            yield head_of(f"the witness {witness}", answer.result(timeout=0), keys)
        except (LedgerError, WireError, TimeoutError, UnicodeDecodeError) as error:
            _log.warning("guard.witness_silent", witness=witness, why=str(error))


def _fetched(url: str, seconds: float) -> str:
    """Return a small text."""
    with Wire() as wire:
        answer = call(wire, "GET", url, limit=MAX_NOTE, until=time.monotonic() + seconds)
    if answer.status != requests.codes.ok:
        raise WireError(f"{url}: status {answer.status}")
    return answer.body.decode("utf-8")
