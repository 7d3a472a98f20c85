"""The letter to those who may approve a contract, when it comes before their organisation to be signed."""

import uuid

from sqlalchemy.orm import Session

from contracts.models import Contract
from contracts.negotiation import TURNS
from contracts.terms import parse
from market import config, jobs, mail
from market.approvals import gate, ruling
from market.approvals.asks import Asks
from market.contracting import reading
from market.contracting.models import Request
from market.contracting.reading import Agreed
from market.db import read


def ask(session: Session, request: Request, contract: Contract) -> None:
    """Write to the approvers of the side whose turn it is to sign, if its rule asks for an approval.

    Called in the transaction by which a document comes before that side; each approver has a letter of their own,
    so that one that cannot be delivered holds up no other.
    """
    if contract.state not in reading.SIGNED_NEXT:
        return
    organisation_id = request.party_id(TURNS[contract.state])
    if ruling.rule_of(session, organisation_id).asks is Asks.NEVER:
        return
    matter = reading.matter(Agreed(request, contract, parse(contract.terms.encode())))
    found = gate.standing(session, organisation_id, matter)
    if found.met or found.decision is not None:
        return
    for user in ruling.approvers(session, organisation_id):
        jobs.queue(
            session,
            "approval.asked",
            number=request.number,
            document_digest=matter.document_digest,
            organisation_id=organisation_id,
            user_id=user.id,
        )


def on_asked(number: str, document_digest: str, organisation_id: str, user_id: str) -> None:
    """Job: write to one approver that a contract waits, unless it does so no more.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    own = uuid.UUID(organisation_id)
    with read() as session:
        one = reading.by_number(session, number)
        found = gate.standing(session, own, reading.matter(one))
        people = {user.id: user.email for user in ruling.approvers(session, own)}
        email = people.get(uuid.UUID(user_id), "")
        title = one.request.title
    waits = one.contract.state in reading.SIGNED_NEXT and one.contract.document_digest == document_digest
    if waits and not found.met and found.decision is None and "@" in email:
        link = f"{config.current().base_url.rstrip('/')}/contracts/{number}"
        mail.send(email, "approval_asked", number=number, title=title, link=link)
