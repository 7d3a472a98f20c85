"""What the doctor asks of an exchange that was restored: may it write again, and what has it lost for good."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.orm import Session

from market import db, steps
from market.app import create_app
from market.config import Settings
from market.contracting import reading as contracting
from market.doctor.finding import Finding
from market.governance import afterwards, guard, heads
from market.oversight import publishing
from market.registry import reading as registry
from market.steps import Step

MOST_NAMED: Final = 50
"""Frozen objects that are told one by one; `qilu ledger fsck` and the auditors' search show the entries of all."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found; nothing where no restore waits for its witnesses and nothing is without its values."""
    app = create_app(settings)
    with app.app_context():
        if afterwards.awaits_consent(settings.home) and heads.has_witnesses(settings):
            yield _consent(settings)
        with db.read() as session:
            yield from _gone(session)
    app.extensions["engine"].dispose()


def _consent(settings: Settings) -> Finding:
    keys = publishing.keys()
    settled = guard.consented(settings.home, keys, heads.witnessed(settings, keys))
    text = "enough witnesses answer: the exchange writes again once it is started"
    return Finding("restore", settled, text if settled else guard.RESTORED)


def _gone(session: Session) -> Iterator[Finding]:
    """Say of what the values are gone; not a fault, since the log itself says so, but somebody must see to it."""
    gone = steps.recovered(session)
    if not gone:
        return
    text = f"values gone of {len(gone)} entries that were recovered from a mirror: {_counted(gone)}"
    yield Finding("recovered", True, text)
    by_handle: dict[str, list[Step]] = {}
    for step in gone:
        by_handle.setdefault(step.object, []).append(step)
    frozen = {handle: lost for handle, lost in by_handle.items() if steps.is_frozen(session, handle)}
    known = _known(session, frozen)
    for handle, subject in list(known.items())[:MOST_NAMED]:
        yield Finding(subject, True, f"frozen; values gone of {_counted(frozen[handle])}; {_advice(subject)}")
    if len(known) > MOST_NAMED:
        yield Finding("recovered", True, f"{len(known) - MOST_NAMED} more trades and assets are frozen")
    others = [step for handle, lost in by_handle.items() if handle not in known for step in lost]
    if others:
        advice = "what they did to rows is undone here: ask those concerned and decide again"
        yield Finding("recovered", True, f"of objects not known here: {_counted(others)}; {advice}")


def _known(session: Session, frozen: dict[str, list[Step]]) -> dict[str, str]:
    """Return handle -> what a reader calls the object, for trades and assets of this database."""
    trades = contracting.numbers(session, frozen)
    assets = {asset.handle: asset.number or str(asset.id) for asset in registry.of_handles(session, frozen)}
    return {handle: f"trade {number}" for handle, number in trades.items()} | {
        handle: f"asset {number}" for handle, number in assets.items()
    }


def _advice(subject: str) -> str:
    kind, _space, number = subject.partition(" ")
    if kind == "asset":
        return "ask its provider, and let it be registered again"
    return (
        f"see what happened at the payment platform (its dashboard, transfer group trade-{number}) and in the parties' "
        "own evidence bundles, and settle it with them outside of the exchange"
    )


def _counted(lost: Sequence[Step]) -> str:
    """Return kinds with how often each occurs."""
    return ", ".join(
        f"{count} × {kind}" for kind, count in sorted(Counter(step.kind for step in lost).items())
    )
