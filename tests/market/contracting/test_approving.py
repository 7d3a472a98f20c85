"""A second person approves the very document before a colleague signs it, whatever happens in between."""

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial

import pytest
from flask import Flask
from flask_babel import force_locale

from contracts.money import Money
from contracts.negotiation import State
from market import jobs, migrations, steps
from market.actor import Actor, Role
from market.approvals import ruling
from market.approvals.asks import Asks
from market.approvals.models import Approval
from market.approvals.ruling import Rule
from market.contracting import approving, reading, service
from market.db import read, transaction
from market.errors import MarketError
from market.home import desk
from market.participants import members
from market.steps import fsck
from tests import deals, people
from tests.browsing import forms, signed_in
from tests.deals import Deal
from tests.waiting import side_by_side


@pytest.fixture
def deal(exchange: Flask) -> Deal:
    """A contract that its provider signed; the buyer's organisation always asks for a second person."""
    one = deals.requested()
    people.colleague(one.buyer, Role.APPROVER)
    rule(one.buyer, Rule(Asks.ALWAYS))
    deals.sign(one.provider, one.number)
    return one


def rule(actor: Actor, wanted: Rule) -> None:
    with transaction() as session:
        ruling.put(session, actor, wanted)


def approve(actor: Actor, number: str, digest: str | None = None) -> str:
    shown = digest or deals.of(number).document_digest
    with transaction() as session:
        return str(approving.approve(session, actor, number, shown).entry_id)


def disapprove(actor: Actor, number: str, reason: str = "too dear") -> str:
    shown = deals.of(number).document_digest
    with transaction() as session:
        return str(approving.disapprove(session, actor, number, shown, reason).entry_id)


def refused(code: str, act: Callable[[], object]) -> MarketError:
    with pytest.raises(MarketError) as error:
        act()
    assert error.value.code == code
    return error.value


def acts(actor: Actor, number: str) -> set[str]:
    with read() as session:
        return set(reading.detail(session, actor, number).acts) & {"sign", "approve", "disapprove"}


def tasks(actor: Actor) -> list[str]:
    with read() as session, force_locale("en"):
        return [task.label for task in desk.waiting(session, actor).tasks if "contract" in task.href]


def letters() -> list[str]:
    """Do the jobs and return to whom a letter about an approval went."""
    said = io.StringIO()
    with redirect_stdout(said):
        jobs.drain()
    return re.findall(r"To: (\S+)\nSubject: [^\n]*(?:waits for your approval|待您审批)", said.getvalue())


def colleague(actor: Actor, role: Role = Role.APPROVER) -> Actor:
    return people.colleague(actor, role)


def test_nobody_signs_what_no_second_person_approved(deal: Deal) -> None:
    error = refused("contract.approval_needed", lambda: deals.sign(deal.buyer, deal.number))
    assert error.extra["approvers"] == ["李同事"]
    assert deals.of(deal.number).state is State.AGREED
    approver = colleague(deal.buyer)
    assert acts(approver, deal.number) == {"approve", "disapprove"}
    assert acts(deal.buyer, deal.number) == {"approve", "disapprove"}  # an administrator approves too
    assert approve(approver, deal.number) == approve(approver, deal.number)
    assert acts(deal.buyer, deal.number) == {"sign", "disapprove"}
    deals.sign(deal.buyer, deal.number)
    assert deals.of(deal.number).state is State.VERIFIED
    handle = deals.row(deal.number).handle
    with read() as session:
        kinds = [step.kind for step in steps.steps_of(session, handle)]
        assert list(fsck.check(session, migrations.metadata())) == []
        [row] = session.query(Approval)
    assert kinds[-2:] == ["contract.approved", "contract.signed"]
    assert (row.party, row.user_id, row.document_digest) == (
        "buyer", approver.user_id, deals.of(deal.number).document_digest,
    )  # fmt: skip


def test_who_approved_does_not_sign_and_who_signed_does_not_approve(deal: Deal) -> None:
    approve(deal.buyer, deal.number)
    assert "sign" not in acts(deal.buyer, deal.number)
    refused("approval.own", lambda: deals.sign(deal.buyer, deal.number))
    rule(deal.buyer, Rule())  # not even once the rule asks no more
    refused("approval.own", lambda: deals.sign(deal.buyer, deal.number))
    rule(deal.buyer, Rule(Asks.ALWAYS))
    signer = colleague(deal.buyer, Role.BUYER)
    deals.sign(signer, deal.number)
    refused("contract.wrong_state", lambda: disapprove(deal.buyer, deal.number))
    second = colleague(deal.buyer)
    refused("step.already_taken", lambda: approve(second, deal.number))


def test_the_last_decision_counts(deal: Deal) -> None:
    approver, second = colleague(deal.buyer), colleague(deal.buyer)
    approve(approver, deal.number)
    first = disapprove(second, deal.number)
    assert disapprove(second, deal.number) == first
    told = refused("contract.approval_needed", lambda: deals.sign(deal.buyer, deal.number))
    assert "too dear" in told.message
    approve(approver, deal.number)
    deals.sign(deal.buyer, deal.number)


def test_an_approval_is_of_one_document(deal: Deal, exchange: Flask) -> None:
    """A version that follows needs an approval of its own; one of another document is refused."""
    other = deals.requested(deal.provider, deal.buyer)
    approver = colleague(deal.provider)
    rule(deal.provider, Rule(Asks.ALWAYS))
    old = deals.of(other.number).document_digest
    approve(approver, other.number)
    deals.offer(deal.provider, other.number, {"term.days": 180})
    deals.accept(deal.buyer, other.number)
    assert deals.of(other.number).document_digest != old
    refused("contract.other_document", lambda: approve(approver, other.number, old))
    refused("contract.approval_needed", lambda: deals.sign(deal.provider, other.number))
    approve(approver, other.number)
    deals.sign(deal.provider, other.number)


def test_only_approvers_and_administrators_of_the_party_decide(deal: Deal) -> None:
    refused("role.missing", lambda: approve(colleague(deal.buyer, Role.BUYER), deal.number))
    refused("contract.wrong_state", lambda: approve(colleague(deal.provider), deal.number))
    refused("contract.not_found", lambda: approve(people.verified(), deal.number))
    refused("contract.other_document", lambda: approve(deal.buyer, deal.number, "0" * 64))
    rule(deal.buyer, Rule(Asks.FROM, Money(10**9)))
    refused("approval.not_needed", lambda: approve(colleague(deal.buyer), deal.number))
    deals.sign(deal.buyer, deal.number)


def test_when_nobody_is_left_to_approve_that_is_said(deal: Deal) -> None:
    with read() as session:
        others = [user.id for user, _member in members.people(session, deal.buyer)]
    for user_id in others:
        if user_id != deal.buyer.user_id:
            with transaction() as session:
                members.remove(session, deal.buyer, user_id)
    with force_locale("en"):
        error = refused("contract.approval_needed", lambda: deals.sign(deal.buyer, deal.number))
    assert (error.extra["approvers"], "make somebody an approver" in error.message) == ([], True)


def test_a_prepared_signature_is_held_up_too(deal: Deal) -> None:
    digest = deals.of(deal.number).document_digest
    refused("contract.approval_needed", lambda: service.prepare(deal.buyer, deal.number, digest, "0" * 64))


def test_an_approval_taken_back_while_somebody_signs_is_before_or_after(exchange: Flask, deal: Deal) -> None:
    approver = colleague(deal.buyer)
    approve(approver, deal.number)
    ends: dict[str, str] = {}

    def act(name: str, what: Callable[[], object]) -> None:
        with exchange.app_context():
            try:
                ends[name] = str(what() and "done")
            except MarketError as error:
                ends[name] = error.code

    side_by_side(
        [
            partial(act, "sign", partial(deals.sign, deal.buyer, deal.number)),
            partial(act, "back", partial(disapprove, approver, deal.number)),
        ]
    )
    signed = deals.of(deal.number).state is State.VERIFIED
    expected = ("done", "contract.wrong_state") if signed else ("contract.approval_needed", "done")
    assert (ends["sign"], ends["back"]) == expected


def test_a_rule_set_while_somebody_signs_stands_before_or_after_in_the_log(
    exchange: Flask, deal: Deal
) -> None:
    rule(deal.buyer, Rule())
    ends: list[str] = []

    def act(what: Callable[[], object]) -> None:
        with exchange.app_context():
            try:
                what()
            except MarketError as error:
                ends.append(error.code)

    side_by_side(
        [
            partial(act, partial(deals.sign, deal.buyer, deal.number)),
            partial(act, partial(rule, deal.buyer, Rule(Asks.ALWAYS))),
        ]
    )
    signed = deals.of(deal.number).state is State.VERIFIED
    assert ends == ([] if signed else ["contract.approval_needed"])
    with read() as session:
        assert ruling.own(session, deal.buyer)[0] == Rule(Asks.ALWAYS)


def test_approvers_find_it_on_their_desk_and_in_their_letters(deal: Deal) -> None:
    with read() as session:
        assert deal.buyer.organisation_id is not None
        people_of = [user.email for user in ruling.approvers(session, deal.buyer.organisation_id)]
    approver = colleague(deal.buyer)  # who came later, and has it on the desk alone
    assert (letters(), len(people_of)) == (people_of, 2)
    assert letters() == []
    assert tasks(approver) == ["Approve or refuse what a colleague is to sign"]
    assert sorted(tasks(deal.buyer)) == [
        "Approve or refuse what a colleague is to sign",
        "Sign the contract once a colleague has approved it",
    ]
    approve(approver, deal.number)
    assert (tasks(approver), tasks(deal.buyer)) == ([], ["Sign the contract"])


def test_nobody_is_written_to_about_what_was_decided_meanwhile(deal: Deal) -> None:
    approve(colleague(deal.buyer), deal.number)
    assert letters() == []


def test_a_price_below_the_rule_needs_nobody(exchange: Flask) -> None:
    one = deals.requested()
    people.colleague(one.provider, Role.APPROVER)
    with read() as session:
        price = reading.by_number(session, one.number).terms.price
    rule(one.provider, Rule(Asks.FROM, Money(price.amount + 1, price.currency)))
    assert acts(one.provider, one.number) == {"sign"}
    rule(one.provider, Rule(Asks.FROM, price))
    assert acts(one.provider, one.number) == {"approve", "disapprove"}
    assert tasks(people.colleague(one.provider, Role.APPROVER)) == [
        "Approve or refuse what a colleague is to sign"
    ]


def test_over_the_api(exchange: Flask, deal: Deal) -> None:
    client, approver = exchange.test_client(), colleague(deal.buyer)
    headers, address = people.bearer(approver), f"/api/v1/contracts/{deal.number}"
    shown = client.get(address, headers=headers).json
    assert (shown["approval"]["needed"], shown["approval"]["approved"]) == (True, None)
    assert client.get(address, headers=people.bearer(deal.provider)).json["approval"] == {
        "needed": False, "approved": None, "user_id": None, "reason": None, "decided_at": None,
    }  # fmt: skip
    body = {"document_digest": shown["document_digest"]}
    said = client.post(f"{address}/disapproval", json={**body, "reason": "too dear"}, headers=headers)
    assert (said.status_code, said.json["approval"]["reason"]) == (200, "too dear")
    done = client.post(f"{address}/approval", json=body, headers=headers)
    assert (done.status_code, done.json["approval"]["approved"]) == (200, True)
    assert done.json["approval"]["user_id"] == str(approver.user_id)


def test_over_the_pages(exchange: Flask, deal: Deal) -> None:
    approver, address = signed_in(exchange, colleague(deal.buyer)), f"/contracts/{deal.number}"
    page = approver.get(address).text
    assert 'href="#approval"' in page
    sent = {to: hidden for to, hidden, _names in forms(page)}
    bad = approver.post(f"{address}/disapproval", data={**sent[f"{address}/disapproval"], "why": ""})
    assert (bad.status_code, 'href="#f-why"' in bad.text) == (422, True)
    refusal = {**sent[f"{address}/disapproval"], "why": "too dear"}
    assert approver.post(f"{address}/disapproval", data=refusal).status_code == 303
    buyer, provider = signed_in(exchange, deal.buyer), signed_in(exchange, deal.provider)
    assert "too dear" in buyer.get(address).text
    assert "too dear" not in provider.get(address).text
    assert approver.post(f"{address}/approval", data=sent[f"{address}/approval"]).status_code == 303
    assert 'id="sign"' in buyer.get(address).text
    assert 'id="approval"' not in provider.get(address).text
