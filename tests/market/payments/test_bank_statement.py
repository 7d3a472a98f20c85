"""A bank's statement as a file: all of it right or none of it taken, and nothing twice."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.identifiers import new_number
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Invalid, MarketError
from market.payments import naming
from market.payments.bank import confirming, desk, importing, parsing, recording
from market.payments.bank.parsing import StatementFault, parse
from market.payments.bank.recording import Told, numbers_in
from market.payments.bank.states import Entry
from market.payments.service import Bill
from market.payments.states import OperationState, Processor
from tests import people
from tests.banking import Bank, came, left, nobodys, statement
from tests.market.payments.conftest import Money

HEAD = "date,serial,amount,direction,counterparty,reference"


def one(cells: str = "2026-11-22,SN1,1280.50,in,某公司,货款", head: str = HEAD) -> bytes:
    return f"{head}\n{cells}\n".encode()


def fault(content: bytes) -> str:
    with pytest.raises(StatementFault) as refused:
        parse(content, "CNY")
    return " ".join(refused.value.faults)


@pytest.mark.parametrize(
    "content",
    [
        one(),
        b"\xef\xbb\xbf" + one(),
        one().replace(b"\n", b"\r\n"),
        one('20261122,\'SN1,"1,280.50",收,某公司,货款'),
        one("2026-11-22,\tSN1,1280.50,贷,某公司,货款", "日期,流水号,金额,方向,对方,摘要"),
        one("收,2026-11-22,SN1,1280.50,某公司,货款,9.00", "direction,date,serial,amount,对方,附言,balance"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_what_a_bank_writes_is_read(content: bytes, encoding: str) -> None:
    if encoding == "gb18030" and not content.startswith(b"\xef"):
        content = content.decode().encode(encoding)
    (told,) = parse(content, "CNY")
    assert told == Told(Entry.ARRIVED, "货款", date(2026, 11, 22), "SN1", 128_050, "CNY", "某公司")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Line 1"),
        (one(head="date,serial,amount"), "Line 1"),
        (one(head=f"{HEAD},date"), "Line 1"),
        (f"{HEAD}\n".encode(), "no movement"),
        (one("2026-11-22,SN1,1280.50,in,a"), "Line 2"),
        (one("2026-02-30,SN1,1280.50,in,a,b"), "Line 2"),
        (one("2026-11-22,=1+1,1280.50,in,a,b"), "Line 2"),
        (one("2026-11-22,SN1,-1280.50,in,a,b"), "Line 2"),
        (one("2026-11-22,SN1,0.00,in,a,b"), "Line 2"),
        (one("2026-11-22,SN1,1.001,in,a,b"), "Line 2"),
        (one('2026-11-22,SN1,"1,28,0.50",in,a,b'), "Line 2"),
        (one("2026-11-22,SN1,1280.50,up,a,b"), "Line 2"),
        (one("2026-11-22,SN1,1.00,in,a,b\n2026-11-22,SN1,1.00,in,a,b"), "Line 3"),
        (one(f"2026-11-22,SN1,1.00,in,a,{'x' * 201}"), "Line 2"),
        (one("2026-11-22,SN1,1.00,in,a,\x07b"), "Line 2"),
        (one('2026-11-22,SN1,1.00,in,a,"b'), "CSV"),
        (b"\xff\xfe\xff", "GB18030"),
        (b"x" * (parsing.MOST_BYTES + 1), "large"),
        (one("\n".join(f"2026-11-22,SN{n},1.00,in,a,b" for n in range(parsing.MOST_LINES + 1))), "500"),
    ],
)
def test_what_is_wrong_is_said_by_its_line(content: bytes, said: str) -> None:
    assert said in fault(content)


@given(st.lists(st.lists(st.text(max_size=12), min_size=6, max_size=6), max_size=4))
def test_any_file_is_read_or_refused(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([HEAD.split(","), *rows])
    content = out.getvalue().encode("utf-8", "replace")
    try:
        told = parse(content, "CNY")
    except StatementFault:
        return
    assert all(one.amount > 0 for one in told)


@given(st.text(alphabet=" -货款:", max_size=9), st.text(alphabet=" -备注。", max_size=9), st.integers(1, 10))
def test_our_reference_is_found_in_what_banks_make_of_it(before: str, after: str, cut: int) -> None:
    number = new_number()
    assert number in numbers_in(f"{before}{number[:cut]} {number[cut:].lower()}{after}")
    assert numbers_in("no number here") == set()


def test_every_word_of_the_bank_is_said() -> None:
    assert set(naming.PROCESSORS) == {one.value for one in Processor}
    assert all(naming.processor_label(one.value) != one.value for one in Processor)
    found = came(nobodys())
    assert set(desk.REASONS) >= {"unknown", "matched", "amount", "over"}
    assert found.serial


@pytest.fixture
def bank(money: Money, provider: Actor) -> Bank:
    return Bank(provider)


def test_an_import_adds_each_line_once_and_matches_it(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    operation = bank.announce(bill, buyer)
    content = statement(operation)
    with transaction() as session:
        made = importing.import_statement(session, bank.first, content, 900)
    assert (made.added, made.known) == (2, 0)
    for again in (content, content + b"\n"):
        with transaction() as session:
            done = importing.import_statement(session, bank.second, again, None)
        assert (done.added, done.known, done.step) == (0, 2, None)
    with pytest.raises(Invalid) as other, transaction() as session:
        importing.import_statement(session, bank.first, content.replace(b"9.00", b"8.00"), None)
    assert other.value.code == "bank_statement.wrong"
    assert "SN" in other.value.fields["file"][0]
    with read() as session:
        lines = {one.line.operation_id: one for one in desk.shown(session, bank.first).lines}
    assert {one.match for one in lines.values()} == {"matched", "unknown"}
    assert all(one.own for one in lines.values())
    bank.confirm(lines[operation.id].line.id)
    assert money.get(operation).state is OperationState.OK
    with read() as session:
        (balance,) = desk.shown(session, bank.first).balances
    assert (balance.closing, balance.waiting, balance.difference) == (900, 900, -bill.amount)


def test_of_two_who_confirm_at_once_one_does(money: Money, bank: Bank, bill: Bill, buyer: Actor) -> None:
    line = bank.say(came(bank.announce(bill, buyer)))
    third = people.colleague(bank.first, Role.OPERATOR)
    done: list[str] = []

    def press(who: Actor) -> None:
        with money.app.app_context():
            try:
                bank.confirm(line, who)
                done.append("done")
            except MarketError as error:
                done.append(error.code)

    threads = [Thread(target=press, args=(who,)) for who in (bank.second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["bank_line.wrong_state", "done"]
    assert len(money.postings(bill)) == 1


def test_a_crash_before_the_commit_leaves_nothing_and_after_it_the_job(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    operation = bank.announce(bill, buyer)
    line = bank.say(came(operation))
    with pytest.raises(RuntimeError), transaction() as session:
        confirming.confirm(session, bank.second, line)
        raise RuntimeError("the power went")
    assert money.get(operation).state is OperationState.OPEN
    assert money.postings(bill) == []
    bank.confirm(line)
    assert money.followed == []
    money.work()
    assert money.followed == [("payment.settled", bill.number)]


def test_a_day_that_has_not_come_and_a_serial_twice_are_refused(
    money: Money, bank: Bank, bill: Bill, buyer: Actor
) -> None:
    operation = bank.announce(bill, buyer)
    said = came(operation)
    ahead = (datetime.now(UTC) + timedelta(days=400)).date()
    with pytest.raises(Invalid):
        bank.say(replace(said, value_date=ahead))
    line = bank.say(said)
    with transaction() as session:
        recording.dismiss(session, bank.first, line, "mistyped")
    again = bank.say(replace(said, amount=said.amount))
    assert again != line
    with pytest.raises(Conflict):
        bank.say(replace(said, counterparty="somebody else"), bank.second)
    with pytest.raises(Invalid):
        bank.say(left(operation))
