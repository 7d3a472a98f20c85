"""What is said to the payer's bank: planned by the operator, sent by a job, recorded as a step of its own.

The platform takes one answer only and refuses a second, whatever the key; so a lost answer is repeated as it is, and
a refusal is held against the object before it is believed.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Final

import structlog
from sqlalchemy.orm import Session

from market import clock, jobs, steps
from market.actor import Actor
from market.db import locked, read, transaction
from market.errors import Conflict
from market.i18n import gettext as _
from market.payments.chargebacks import reading, watching
from market.payments.chargebacks.states import PENDING, SAID, Answer, ChargebackState
from market.payments.models import Chargeback
from market.payments.platform import client, stuck
from market.payments.stripe import Dispute, StripeError
from market.steps import Kind, Step

SYSTEM: Final = Actor.system("payments")
_KINDS: Final = {Answer.CONTEST: Kind.CHARGEBACK_CONTESTED, Answer.CONCEDE: Kind.CHARGEBACK_CONCEDED}
_WAITS: Final = frozenset({"needs_response", "warning_needs_response"})

log = structlog.get_logger()


def plan(
    session: Session,
    actor: Actor,
    chargeback_id: uuid.UUID,
    answer: Answer,
    evidence: Mapping[str, str] | None = None,
) -> Step:
    """Plan the answer to a chargeback; the call follows by job. The caller has checked the actor's permission.

    Args:
        session: the session of the transaction.
        actor: an operator.
        chargeback_id: which.
        answer: whether it is contested or accepted as lost.
        evidence: texts by the platform's names, for one that is contested.

    Raises:
        NotFound: there is none.
        Conflict: ``chargeback.answered``: it was answered otherwise; ``chargeback.over``: the bank has decided;
            ``chargeback.too_late``: its time to answer is over; ``chargeback.inquiry``: a question cannot be lost.
    """
    row = locked(session, Chargeback, reading.found(session, chargeback_id).id)
    given = {"chargeback": str(row.id), "answer": answer.value}
    if row.answer is answer:
        return steps.repeat(session, actor, _KINDS[answer], row.handle, given)
    if row.answer is not None:
        raise Conflict(
            "chargeback.answered", _("This chargeback was answered already; the bank reads one answer only.")
        )
    if row.state not in PENDING:
        raise Conflict("chargeback.over", _("The bank has decided on this chargeback."))
    if answer is Answer.CONCEDE and row.state is ChargebackState.INQUIRY:
        raise Conflict(
            "chargeback.inquiry",
            _("The bank only asks and has taken nothing, so there is nothing to accept."),
        )
    if answer is Answer.CONTEST and row.due_at is not None and row.due_at <= clock.now():
        raise Conflict("chargeback.too_late", _("The time to answer this chargeback is over."))
    step = steps.begin(actor, _KINDS[answer], row.handle, version=row.rules)
    row.answer = answer
    row.evidence = json.dumps(dict(evidence), ensure_ascii=False, sort_keys=True) if evidence else None
    row.attempt += 1
    row.planned_at = step.time
    row.step_id = step.id
    jobs.queue(session, "chargeback.answer", chargeback_id=row.id)
    return steps.record(session, step, given=given)


def on_answer(chargeback_id: str) -> None:
    """Job: send a planned answer; nothing when the platform has it or the bank has decided.

    Raises:
        StripeError: the outcome is unknown; the job tries again with the same key.
    """
    with read() as session:
        row = session.get_one(Chargeback, uuid.UUID(chargeback_id))
    if row.answer is None or row.answered_at is not None or row.planned_at is None:
        return
    try:
        made = _send(row)
    except StripeError as error:
        if not (error.refused or stuck(error, row.planned_at)):
            raise
        _resolve(row, error)
    else:
        _answered(row, made.request_id)
    watching.look_at(row.stripe_id)


def _send(row: Chargeback) -> Dispute:
    key = f"chargeback:{row.id}:{row.attempt}"
    if row.answer is Answer.CONCEDE:
        return client().close_dispute(row.stripe_id, key=key)
    return client().submit_evidence(row.stripe_id, key=key, evidence=json.loads(row.evidence or "{}"))


def _resolve(row: Chargeback, error: StripeError) -> None:
    """Find out what a refusal means: it was answered before, or the answer must be planned anew.

    Raises:
        StripeError: the platform cannot be asked now.
    """
    seen = client().dispute(row.stripe_id)
    if row.answer is Answer.CONTEST:
        done = seen.submissions > 0 or seen.status not in _WAITS
    else:
        done = SAID.get(seen.status) not in PENDING
    if done:
        _answered(row, error.request_id)
        return
    log.error("chargeback.refused", chargeback=str(row.id), code=error.code, request_id=error.request_id)
    with transaction() as session:
        found = locked(session, Chargeback, row.id)
        if found.answered_at is not None or found.attempt != row.attempt:
            return
        step = steps.begin(SYSTEM, Kind.CHARGEBACK_CHANGED, found.handle, version=found.rules)
        if error.refused:
            found.answer, found.evidence, found.planned_at = None, None, None
        else:
            found.attempt += 1
            found.planned_at = step.time
            jobs.queue(session, "chargeback.answer", chargeback_id=found.id)
        found.request_id = error.request_id or found.request_id
        found.step_id = step.id
        steps.record(session, step, note={"refused": error.code or "refused"})


def _answered(row: Chargeback, request_id: str) -> None:
    """Record ``chargeback.answered``: the platform has the answer."""
    with transaction() as session:
        found = locked(session, Chargeback, row.id)
        if found.answered_at is not None or found.attempt != row.attempt:
            return
        step = steps.begin(SYSTEM, Kind.CHARGEBACK_ANSWERED, found.handle, version=found.rules)
        found.answered_at = step.time
        found.request_id = request_id or found.request_id
        found.step_id = step.id
        steps.record(session, step)
