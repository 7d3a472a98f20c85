"""The way to the payment platform: made at each click, kept nowhere, and made anew when it is used or too old."""

import re

import pytest
import requests

from market.actor import Actor, Role
from market.db import read
from market.errors import Forbidden, Unavailable
from market.payments import payouts, service
from market.payments.states import AccountState
from tests import people
from tests.market.payments.conftest import Money
from tests.waiting import until


@pytest.fixture
def asked(money: Money) -> Actor:
    """A provider of whom the platform still wants something."""
    money.control("settings", transfers="inactive")
    actor = people.verified(Role.PROVIDER)
    money.work()
    return actor


def state(actor: Actor) -> AccountState:
    with read() as session:
        found = service.account_of(session, actor.organisation_id)  # type: ignore[arg-type]
    assert found is not None
    return found.state


def test_what_is_missing_is_said_and_the_way_works_once(money: Money, asked: Actor) -> None:
    found = payouts.standing(asked)
    assert (found.state, found.active, found.may_go) == (AccountState.PENDING, False, True)
    assert len(found.wanted) == 4
    with read() as session:
        assert payouts.waits(session, asked)
    way = payouts.way(asked)
    assert payouts.way(asked) != way
    page = requests.get(way, allow_redirects=False, timeout=60)
    assert page.status_code == 200
    again = requests.get(way, allow_redirects=False, timeout=60)
    assert again.headers["Location"] == f"{money.url}/payouts/onboarding"
    visit = re.search(r'name="visit" value="([^"]+)"', page.text)
    assert visit is not None
    sent = {"visit": visit.group(1), "outcome": "finish"}
    back = requests.post(way, data=sent, allow_redirects=False, timeout=60)
    assert back.headers["Location"] == f"{money.url}/payouts"
    until(lambda: money.told("account.updated") > 1)
    money.work()
    assert state(asked) is AccountState.OPEN
    found = payouts.standing(asked)
    assert (found.state, found.active, found.wanted) == (AccountState.OPEN, True, [])


def test_the_way_is_kept_nowhere(money: Money, asked: Actor, capsys: pytest.CaptureFixture[str]) -> None:
    way = payouts.way(asked)
    assert way not in capsys.readouterr().out


def test_who_may_go_and_what_is_said_when_nobody_answers(money: Money, asked: Actor) -> None:
    with pytest.raises(Forbidden):
        payouts.way(people.colleague(asked, Role.BUYER))
    money.control("faults", kind="refuse", path="/v1/account", status=503, times=20)
    with pytest.raises(Unavailable):
        payouts.way(asked)
    money.control("faults", kind="refuse", method="GET", path="/v1/account", status=503, times=20)
    assert payouts.standing(asked).active is None


def test_wishes_without_a_word_stay_as_they_are_called() -> None:
    assert payouts.named(("external_account", "person_1.dob", "external_account")) == [
        str(payouts.WANTED["external_account"]),
        "person_1.dob",
    ]
