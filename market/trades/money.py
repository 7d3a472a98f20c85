"""The money of one trade: every operation by its steps, what was booked, and what the accounts come to.

It only looks. What each step made of an operation is told by the image that the step committed to, so a request
id or a state of long ago stands here as it was then. Whoever sees the trade sees all its amounts; of a call at the
payment platform what it is called there (its object, its request, a refusal's code) is for those whose money it
moves, the operator and the auditor.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from market import permissions, steps
from market.actor import Actor
from market.i18n import _
from market.payments import books, naming
from market.payments import service as payments
from market.payments.books import Account
from market.payments.service import Operation, Posting
from market.permissions import Relation
from market.trades import service, timeline
from market.trades.models import Settlement
from market.trades.service import Life
from market.trades.timeline import Side


@dataclass(frozen=True)
class Turn:
    """What one step made of an operation, or of an instalment.

    Attributes:
        kind: of the step.
        side: who took it; the exchange itself for jobs.
        organisation_id: on whose behalf; None for the exchange itself.
        time: aware UTC.
        operation: which operation; None for an instalment.
        instalment: which instalment the step is about; None when what the step wrote was lost.
        state: where that stood after the step; None when what the step wrote was lost.
        request_id: of the call at the payment platform that the step recorded; None when it recorded none, or when
            whose money moved is another organisation.
        entry_id: the ledger entry.
        index: its place in the log; None until integrated.
        seq: its place among the trade's steps.
    """

    kind: str
    side: Side
    organisation_id: uuid.UUID | None
    time: datetime
    operation: Operation | None
    instalment: Settlement | None
    state: str | None
    request_id: str | None
    entry_id: uuid.UUID
    index: int | None
    seq: int

    @property
    def ordinal(self) -> int | None:
        """Which instalment it is about."""
        return self.instalment.ordinal if self.instalment else None


@dataclass(frozen=True)
class Money:
    """What one reader sees of a trade's money.

    Attributes:
        rows: the trade and its machines.
        operations: the oldest first.
        named: ids of the operations whose names at the platform the reader may know.
        turns: the steps, in their order.
        postings: in the order they were booked.
        accounts: those of the trade first.
    """

    rows: Life
    operations: list[Operation]
    named: set[uuid.UUID]
    turns: list[Turn]
    postings: list[Posting]
    accounts: list[Account]

    @property
    def at_zero(self) -> bool:
        """Whether nothing is held or owed on this trade."""
        return all(account.balance == 0 for account in self.accounts if account.of_trade)


def shown(session: Session, actor: Actor, number: str) -> Money:
    """Return a trade's money.

    Raises:
        NotFound: there is no such trade, or the actor may not know of it.
        Forbidden: the actor's role does not include it.
    """
    rows = service.seen(session, actor, number)
    permissions.require(actor, "trade.money", service.relation_of(actor, rows.trade))
    operations = payments.operations_of(session, rows.trade.number)
    everything = permissions.allowed(actor, "operation.list", Relation.OTHER)
    named = {one.id for one in operations if everything or one.organisation_id == actor.organisation_id}
    turns = _turns(session, rows, operations, named)
    # Two may be planned in one moment; the steps have an order all the same.
    places = {turn.operation.id: -place for place, turn in enumerate(reversed(turns)) if turn.operation}
    postings = payments.postings_of(session, rows.trade.number)
    return Money(
        rows=rows,
        operations=sorted(operations, key=lambda one: places.get(one.id, 1)),
        named=named,
        turns=turns,
        postings=postings,
        accounts=books.accounts(postings),
    )


def label(operation: Operation) -> str:
    """Return what an operation is called for the reader: its kind, and which attempt after the first."""
    kind = naming.operation_label(operation.kind.value)
    if operation.attempt == 1:
        return kind
    return _("%(kind)s, attempt %(attempt)s", kind=kind, attempt=operation.attempt)


def plain(found: Money) -> dict[str, Any]:
    """Return a trade's money for a program."""
    turns: defaultdict[uuid.UUID | None, list[Turn]] = defaultdict(list)
    for turn in found.turns:
        turns[turn.operation.id if turn.operation else None].append(turn)
    ordinals = {one.id: one.ordinal for one in found.rows.settlements}
    return {
        "number": found.rows.trade.number,
        "settlement": turns[None],
        "operations": [
            _operation(one, turns[one.id], ordinals, named=one.id in found.named) for one in found.operations
        ],
        "postings": [
            {
                "operation_id": one.operation_id,
                "debit": one.debit,
                "credit": one.credit,
                "amount": one.amount,
                "currency": one.currency,
                "booked_at": one.booked_at,
                "entry_id": one.step_id,
            }
            for one in found.postings
        ],
        "balances": [
            {"account": one.name, "currency": one.currency, "debit": one.debit, "credit": one.credit,
             "balance": one.balance, "of_trade": one.of_trade}
            for one in found.accounts
        ],
        "at_zero": found.at_zero,
    }  # fmt: skip


def _operation(
    row: Operation, turns: list[Turn], ordinals: Mapping[uuid.UUID, int], *, named: bool
) -> dict[str, Any]:
    return {
        "id": row.id,
        "instalment": ordinals.get(row.settlement_id),
        "kind": row.kind.value,
        "attempt": row.attempt,
        "organisation_id": row.organisation_id,
        "amount": row.amount,
        "fee": row.fee,
        "currency": row.currency,
        "state": row.state.value,
        "failure": row.failure if named else None,
        "stripe_id": row.stripe_id if named else None,
        "request_id": row.request_id if named else None,
        "steps": turns,
    }


def _turns(session: Session, rows: Life, operations: list[Operation], named: set[uuid.UUID]) -> list[Turn]:
    """Return what the trade's steps wrote of operations and of the settlement, in order."""
    handle = rows.trade.handle
    by_id = {one.id: one for one in operations}
    due = {one.id: one for one in rows.settlements}
    story = {step.id: (step, index) for step, index in steps.story(session, handle)}
    images: list[tuple[uuid.UUID, Operation | Settlement | None, Mapping[str, Any] | None]] = [
        (step_id, by_id.get(row_id), image)
        for step_id, row_id, image in steps.written(session, handle, "operation")
    ]
    images += [
        (step_id, due[row_id], image)
        for step_id, row_id, image in steps.written(session, handle, "settlement")
    ]
    known = {step_id for step_id, _about, _image in images}
    images += [
        (step.id, None, None)
        for step, _index in story.values()
        if step.id not in known and step.kind.startswith(_KINDS)
    ]
    found = []
    recorded: set[tuple[uuid.UUID, str]] = set()
    for step_id, about, image in images:
        step, index = story[step_id]
        operation = about if isinstance(about, Operation) else None
        whose = about if isinstance(about, Settlement) else due.get(about.settlement_id) if about else None
        request = image.get("request_id") if image and operation and operation.id in named else None
        if operation and request:
            # Every later image names the same request: it was made by the first step that names it.
            again = (operation.id, request) in recorded
            recorded.add((operation.id, request))
            request = None if again else request
        found.append(
            Turn(
                kind=step.kind,
                side=timeline.side_of(step, rows.trade),
                organisation_id=step.organisation_id,
                time=step.time,
                operation=operation,
                instalment=whose,
                state=image["state"] if image else None,
                request_id=request,
                entry_id=step.entry_id,
                index=index,
                seq=step.seq,
            )
        )
    return sorted(found, key=lambda one: one.seq)


_KINDS = ("payment.", "transfer.", "refund.", "settlement.")
"""Steps that move money: one that was recovered without what it wrote is told by its kind alone."""
