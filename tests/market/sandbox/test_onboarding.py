"""Account links: each opens once, for minutes, and then sends people to where another is made."""

import re

import requests

from market.payments.stripe import AccountLink, Stripe
from tests.market.sandbox.driver import Control, Watch

REFRESH, RETURN = "http://localhost:8080/payout/again", "http://localhost:8080/payout/back"


def link(client: Stripe, account: str, number: int = 1) -> AccountLink:
    return client.create_account_link(
        key=f"link:{account}:{number}", account=account, refresh_url=REFRESH, return_url=RETURN
    )


def follow(url: str) -> requests.Response:
    return requests.get(url, allow_redirects=False, timeout=60)


def hand_in(url: str, page: requests.Response, outcome: str) -> str:
    visit = re.search(r'name="visit" value="([^"]+)"', page.text)
    assert visit
    data = {"visit": visit[1], "outcome": outcome}
    return requests.post(url, data=data, allow_redirects=False, timeout=60).headers["Location"]


def test_onboarding_activates_transfers(client: Stripe, control: Control) -> None:
    control("settings", transfers="inactive")
    account = client.create_account(key="account:1:1", name="海洋数据", metadata={})
    assert account.transfers == "inactive"
    first = link(client, account.id)
    page = follow(first.url)
    assert page.status_code == 200
    assert "海洋数据" in page.text
    assert "form-action 'self' http://localhost:8080" in page.headers["Content-Security-Policy"]
    assert hand_in(first.url, page, "leave") == RETURN
    assert client.account(account.id).transfers == "inactive"
    assert follow(first.url).headers["Location"] == REFRESH, "a link opens once"
    second = link(client, account.id, 2)
    assert second.url != first.url
    assert hand_in(second.url, follow(second.url), "finish") == RETURN
    assert client.account(account.id).transfers == "active"
    assert [event.type for event in client.events(since=0, types=["account.updated"])] == [
        "account.updated"
    ] * 2


def test_an_old_link_and_a_foreign_visit_lead_to_a_new_link(client: Stripe, watch: Watch) -> None:
    account = client.create_account(key="account:1:1", name="X", metadata={})
    old = link(client, account.id)
    watch.advance(301)
    assert follow(old.url).headers["Location"] == REFRESH
    fresh = link(client, account.id, 2)
    follow(fresh.url)
    stolen = requests.post(
        fresh.url, data={"visit": "visit_x", "outcome": "finish"}, allow_redirects=False, timeout=60
    )
    assert stolen.headers["Location"] == REFRESH
    assert requests.get(f"{client.base}/onboard/link_nobody", timeout=60).status_code == 404
