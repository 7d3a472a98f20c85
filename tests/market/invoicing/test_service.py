"""Invoices step by step: who may ask and issue, for what, once, and what a refund makes of it."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask

from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError, NotFound
from market.invoicing import exporting, profiles, reading, service
from market.invoicing.models import Invoice
from market.invoicing.reading import View
from market.invoicing.states import Form, InvoiceState, Matter
from market.oversight import visibility
from market.payments.states import OperationState
from market.steps import chain, openings, steps_of
from market.trades import redressing
from tests import invoices, people, trades
from tests.conftest import Clock
from tests.deals import Deal
from tests.market.invoicing.conftest import Refund


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(MarketError) as found:
        act()
    return found.value.code


def ask(actor: Actor, deal: Deal, matter: Matter = Matter.DATA, form: Form = Form.GENERAL) -> uuid.UUID:
    with transaction() as session:
        return service.request(session, actor, deal.number, matter, form)[1].id


def kinds(deal: Deal) -> list[str]:
    return [kind for kind in trades.kinds(deal) if kind.startswith("invoice.")]


def redden(deal: Deal, invoice: Invoice) -> None:
    with transaction() as session:
        service.redden(session, deal.provider, invoice.id, invoices.brought())


def test_two_documents_of_a_deal_come_to_their_ends(exchange: Flask) -> None:
    deal = invoices.released()
    data, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE, Form.SPECIAL)
    assert (data.amount, fee.amount) == (128_000, 3_840)
    operator = people.operator()
    invoices.issued(data, deal.provider)
    invoices.issued(fee, operator, rate=100)
    found, own = invoices.detail(data, deal.buyer), invoices.detail(fee, deal.provider)
    assert (found.documents[0].amount, found.documents[0].tax) == (128_000, 7_245)
    assert (own.documents[0].tax, own.documents[0].rate) == (38, 100)
    assert {found.invoice.state, own.invoice.state} == {InvoiceState.ISSUED}
    assert (found.invoice.due_at, found.invoice.title) == (None, invoices.DATA.title)
    assert kinds(deal) == ["invoice.requested"] * 2 + ["invoice.issued"] * 2


def test_each_instalment_has_invoices_of_its_own(exchange: Flask) -> None:
    rows = [("0.6", 7), ("0.4", 60)]
    said = [{"label": str(days), "share": share, "days": days} for share, days in rows]
    deal = trades.in_force(100_000, further={"price.milestones": said})
    trades.closed(trades.fetched(trades.paid(deal)))
    for actor in (deal.provider, deal.buyer):
        invoices.profile(actor)
    first = invoices.asked(deal)
    assert (first.instalment, first.amount, invoices.asked(deal).id) == (1, 60_000, first.id)
    trades.paid(deal)
    second, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE)
    assert (second.instalment, second.amount) == (2, 40_000)
    assert (fee.instalment, fee.amount) == (1, 1_800)
    assert invoices.asked(deal).id == second.id
    invoices.issued(first, deal.provider)
    chief = people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, 50_000, "half of it was wrong")
    jobs.drain()
    found = invoices.detail(first, deal.buyer).invoice
    assert (found.state, found.owed) == (InvoiceState.RED_OWED, 50_000)
    assert invoices.detail(second, deal.buyer).invoice.state is InvoiceState.REQUESTED


def test_who_may_ask_and_who_may_issue(exchange: Flask) -> None:
    deal = invoices.released()
    operator, stranger = people.operator(), people.verified()
    assert refusal(lambda: ask(deal.provider, deal)) == "role.missing"
    assert refusal(lambda: ask(deal.buyer, deal, Matter.FEE)) == "role.missing"
    assert refusal(lambda: ask(operator, deal)) == "role.missing"
    assert refusal(lambda: ask(stranger, deal)) == "trade.not_found"
    data, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE)
    for actor in (deal.buyer, operator):
        with pytest.raises(Forbidden):
            invoices.issued(data, actor)
    with pytest.raises(Forbidden):
        invoices.issued(fee, deal.provider)
    with pytest.raises(NotFound):
        invoices.issued(fee, deal.buyer)  # what operator and provider settle is not the buyer's to know
    with pytest.raises(NotFound):
        invoices.detail(data, stranger)
    with read() as session:
        assert [one.invoice.id for one in reading.of_trade(session, deal.buyer, deal.number)[1]] == [data.id]
        both = reading.of_trade(session, deal.provider, deal.number)[1]
    assert {one.invoice.id for one in both} == {data.id, fee.id}


def test_nothing_is_asked_for_before_the_money_is_released(exchange: Flask) -> None:
    deal = trades.in_force()
    invoices.profile(deal.buyer)
    assert refusal(lambda: ask(deal.buyer, deal)) == "invoice.not_released"
    trades.paid(deal)
    assert refusal(lambda: ask(deal.buyer, deal)) == "invoice.not_released"
    with read() as session:
        assert reading.of_trade(session, deal.buyer, deal.number)[2] == []
    free = trades.in_force(0, beside=deal)
    assert refusal(lambda: ask(free.buyer, free)) == "invoice.nothing_paid"


def test_the_organisation_must_have_set_its_tax_data(exchange: Flask) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    assert refusal(lambda: ask(deal.buyer, deal)) == "tax_profile.missing"
    invoices.profile(deal.buyer)
    made = invoices.asked(deal)
    with read() as session:
        assert made.credit_code == profiles.own(session, deal.buyer)[0]


def test_a_request_is_answered_once_and_repeated_the_same(exchange: Flask) -> None:
    deal = invoices.released()
    first = ask(deal.buyer, deal)
    assert ask(deal.buyer, deal) == first
    assert refusal(lambda: ask(deal.buyer, deal, form=Form.SPECIAL)) == "step.already_taken"
    found = asked_of(deal)
    brought = invoices.issued(found, deal.provider)
    with transaction() as session:
        service.issue(session, deal.provider, found.id, brought)
    assert kinds(deal) == ["invoice.requested", "invoice.issued"]
    assert refusal(lambda: invoices.issued(found, deal.provider)) == "invoice.wrong_state"
    assert refusal(lambda: ask(deal.buyer, deal, form=Form.SPECIAL)) == "step.already_taken"


def asked_of(deal: Deal) -> Invoice:
    with read() as session:
        return reading.of_trade(session, deal.buyer, deal.number)[1][0].invoice


def test_one_that_was_refused_can_be_asked_for_again(exchange: Flask) -> None:
    deal = invoices.released()
    made = invoices.asked(deal)
    with transaction() as session:
        service.refuse(session, deal.provider, made.id, "抬头有误")
    with transaction() as session:
        service.refuse(session, deal.provider, made.id, "抬头有误")
    assert invoices.detail(made, deal.buyer).invoice.reason == "抬头有误"
    again = invoices.asked(deal, form=Form.SPECIAL)
    assert again.id != made.id
    assert kinds(deal) == ["invoice.requested", "invoice.refused", "invoice.requested"]


def test_numbers_and_days_that_cannot_be(exchange: Flask) -> None:
    deal = invoices.released()
    other = invoices.released(beside=deal)
    first, second = invoices.asked(deal), invoices.asked(other)
    used = invoices.issued(first, deal.provider).number
    with pytest.raises(Conflict) as refused:
        invoices.issued(second, other.provider, number=used)
    assert refused.value.code == "invoice.number_used"
    for day, code in (
        (invoices.today() + timedelta(1), "invoice.later"),
        (date(2019, 1, 1), "invoice.too_early"),
    ):
        with pytest.raises(Invalid) as wrong:
            invoices.issued(second, other.provider, issued_on=day)
        assert wrong.value.code == code
    assert invoices.detail(second, other.buyer).invoice.state is InvoiceState.REQUESTED


def test_a_refund_before_the_answer_ends_the_request(exchange: Flask, refund: Refund) -> None:
    deal = invoices.released()
    made = invoices.asked(deal)
    refund(deal, 28_000, state=OperationState.PLANNED)
    assert refusal(lambda: invoices.issued(made, deal.provider)) == "invoice.amount_changed"
    refund(deal, 0)
    assert invoices.detail(made, deal.buyer).invoice.state is InvoiceState.REQUESTED
    refund(deal, 28_000)
    found = invoices.detail(made, deal.buyer).invoice
    assert (found.state, found.reason) == (InvoiceState.REFUSED, service.WENT_BACK)


def test_after_a_part_went_back_the_rest_is_invoiced_and_nothing_after_all(
    exchange: Flask, refund: Refund
) -> None:
    deal = invoices.released()
    refund(deal, 28_000, fee=840)
    assert invoices.asked(deal).amount == 100_000
    assert invoices.asked(deal, Matter.FEE).amount == 3_000
    other = invoices.released(beside=deal)
    refund(other, 128_000, fee=3_840)
    assert refusal(lambda: ask(other.buyer, other)) == "invoice.nothing_paid"
    assert refusal(lambda: ask(other.provider, other, Matter.FEE)) == "invoice.nothing_paid"


def test_two_who_ask_at_once_get_one_invoice(exchange: Flask) -> None:
    deal = invoices.released()
    clerk = people.colleague(deal.buyer, Role.BUYER)
    results = trades.together(exchange, lambda: ask(deal.buyer, deal), lambda: ask(clerk, deal))
    assert sorted(results) == ["done", "step.already_taken"]
    assert kinds(deal) == ["invoice.requested"]


def test_two_numbers_that_are_the_same_are_entered_once(exchange: Flask) -> None:
    deal = invoices.released()
    other = invoices.released(beside=deal)
    first, second, used = invoices.asked(deal), invoices.asked(other), invoices.number()
    results = trades.together(
        exchange,
        lambda: _raced(lambda: invoices.issued(first, deal.provider, number=used)),
        lambda: _raced(lambda: invoices.issued(second, other.provider, number=used)),
    )
    assert "done" in results
    states = {invoices.detail(one, people.operator()).invoice.state for one in (first, second)}
    assert states == {InvoiceState.ISSUED, InvoiceState.REQUESTED}


def _raced(act: Callable[[], object]) -> None:
    """Let the database refuse what the service could not see yet."""
    from sqlalchemy.exc import IntegrityError

    try:
        act()
    except IntegrityError as error:
        raise Conflict("request.conflict", "late") from error


def test_letters_go_to_the_sellers_people_and_to_the_payers_address(
    exchange: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    deal = invoices.released()
    jobs.drain()
    capsys.readouterr()
    made = invoices.asked(deal)
    jobs.drain()
    asked = capsys.readouterr().out
    assert asked.count("To: ") == 1
    assert f"交易 {deal.number} 有发票待开具" in asked
    assert f"/invoices/{made.id}" in asked
    assert "3700" not in asked  # a letter carries no account number
    invoices.issued(made, deal.provider)
    jobs.drain()
    told = capsys.readouterr().out
    assert told.startswith(f"\nTo: {invoices.DATA.email}\nSubject: 交易 {deal.number} 的发票已开具\n")
    jobs.drain()
    assert capsys.readouterr().out == ""


def test_what_is_late_stands_on_the_lists_of_seller_and_operator(exchange: Flask, clock: Clock) -> None:
    deal = invoices.released()
    made = invoices.asked(deal)
    operator = people.operator()
    for actor, waits in ((deal.provider, [made.id]), (operator, []), (deal.buyer, [])):
        with read() as session:
            assert [row[0].id for row in reading.waiting(session, actor).items] == waits
    clock.advance(days=10, seconds=1)
    for actor in (operator, deal.provider, deal.buyer):
        with read() as session:
            late = reading.listed(session, actor, View.OVERDUE, None).items
        assert [one.id for one in late] == [made.id]
    stranger = people.verified()
    with read() as session:
        assert [row[0].id for row in reading.waiting(session, operator).items] == [made.id]
        assert reading.listed(session, stranger, View.ALL, None).items == []


def test_confidential_data_are_committed_to_apart_and_the_buyer_sees_no_fee_invoice(exchange: Flask) -> None:
    deal = invoices.released()
    data, fee = invoices.asked(deal), invoices.asked(deal, Matter.FEE)
    with read() as session:
        opened = {one.field: one for row in (data, fee) for one in openings(session, row.step_id)}
        row_of_fee = next(one for one in openings(session, fee.step_id) if one.field == "invoice")
        row_of_data = next(one for one in openings(session, data.step_id) if one.field == "invoice")
    assert {f"invoice.{name}" for name in ("address", "phone", "bank", "bank_account", "email")} <= set(
        opened
    )
    assert "3700" not in str(row_of_data.value)
    buyer, provider = visibility.Viewer.BUYER, visibility.Viewer.PROVIDER
    assert visibility.shows(buyer, deal.buyer, row_of_data)
    assert not visibility.shows(buyer, deal.buyer, row_of_fee)
    assert visibility.shows(provider, deal.provider, row_of_fee)
    assert not visibility.shows(buyer, deal.buyer, opened["invoice.bank_account"])


def test_only_an_administrator_sets_tax_data_and_each_change_is_a_step(exchange: Flask) -> None:
    actor = people.verified(Role.BUYER)
    clerk = people.colleague(actor, Role.BUYER)
    with pytest.raises(Forbidden):
        invoices.profile(clerk)
    invoices.profile(actor)
    invoices.profile(actor)
    invoices.profile(actor, title="泉城数据集团")
    assert actor.organisation_id is not None
    with read() as session:
        row = profiles.row_of(session, actor.organisation_id)
        assert row is not None
        made = chain(session, row.id)
        assert [step.kind for step in made] == ["profile.changed"] * 2
        assert len({step.object for step in made}) == 2  # so that nobody can follow an organisation
        assert all(len(steps_of(session, step.object)) == 1 for step in made)


def test_the_table_of_a_month_has_what_the_seller_issued_and_no_formula(
    exchange: Flask, refund: Refund
) -> None:
    deal = invoices.released()
    invoices.profile(deal.buyer, title='=HYPERLINK("http://evil")')
    made = invoices.asked(deal)
    month = invoices.today().strftime("%Y-%m")
    with read() as session:
        waits = exporting.exported(session, deal.provider, month)
    assert waits.startswith("\ufefftrade,item,matter")
    assert "REQUESTED" in waits
    assert "\"'=HYPERLINK(" in waits
    brought = invoices.issued(made, deal.provider)
    refund(deal, 28_000)
    redden(deal, made)
    operator = people.operator()
    with read() as session:
        lines = exporting.exported(session, deal.provider, month).splitlines()
        nobodys = exporting.exported(session, operator, month).splitlines()
        with pytest.raises(Forbidden):
            exporting.exported(session, deal.buyer, month)
    assert len(lines) == 3
    assert f"{brought.number},,{invoices.today()},CNY,1280.00,1207.55,72.45,6," in lines[1] + lines[2]
    assert f",{brought.number},{invoices.today()},CNY,-280.00,-264.15,-15.85,6," in lines[1] + lines[2]
    assert len(nobodys) == 1  # each seller exports what it sells, the operator too


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-1", "1999-01", "２０２６-01", "2026-01x"])
def test_a_month_that_is_none_is_refused(exchange: Flask, month: str) -> None:
    actor = people.verified(Role.PROVIDER)
    with read() as session, pytest.raises(Invalid) as refused:
        exporting.exported(session, actor, month)
    assert refused.value.code == "month.invalid"
