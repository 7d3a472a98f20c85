"""Trades over HTTP: programs' routes, and the one page with its buttons."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from market import clock, jobs
from market.actor import Actor
from market.db import read
from market.participants.web import COOKIE
from market.payments import service as payments
from market.payments.service import PayPage
from market.trades import timeline
from tests import people, trades
from tests.deals import Deal

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def ask(
    client: FlaskClient, actor: Actor, deal: Deal, act: str = "", **body: str
) -> tuple[int, dict[str, Any]]:
    address = f"/api/v1/trades/{deal.number}" + (f"/{act}" if act else "")
    send = client.post if act else client.get
    answer = send(address, headers=people.bearer(actor), **({"json": body} if act else {}))
    return answer.status_code, answer.get_json()


def sign_in(client: FlaskClient, actor: Actor) -> None:
    client.set_cookie(COOKIE, people.session_of(actor))


def send(client: FlaskClient, page: str, address: str, **values: str) -> str:
    found = client.get(page, headers=HTML)
    token = re.search(r'name="csrf_token" value="([^"]+)"', found.text)
    assert token is not None, found.text
    answer = client.post(address, data={**values, "csrf_token": token[1]}, headers=HTML)
    return answer.headers.get("Location", answer.text)


def test_a_program_follows_a_trade_to_its_end(client: FlaskClient) -> None:
    deal = trades.in_force()
    status, found = ask(client, deal.buyer, deal)
    assert status == 200
    assert found["possible"] == ["pay", "cancel", "amend", "renew"]
    assert found["next"]["side"] == "buyer"
    assert found["next"]["what"] == "pay"
    assert found["next"]["by"].endswith("Z")
    assert [entry["side"] for entry in found["timeline"]] == ["buyer", "provider", "buyer", "exchange"]
    assert ask(client, deal.provider, deal)[1]["possible"] == ["suspend", "amend"]
    trades.paid(deal)
    assert ask(client, deal.buyer, deal)[1]["possible"] == ["fetch", "cancel", "amend", "renew"]
    trades.fetched(deal)
    assert ask(client, deal.buyer, deal)[1]["possible"] == ["fetch", "accept", "reject", "amend", "renew"]
    status, step = ask(client, deal.buyer, deal, "acceptance")
    assert (status, step["kind"]) == (200, "acceptance.accepted")
    assert ask(client, deal.buyer, deal, "acceptance") == (status, step)
    jobs.drain()
    found = ask(client, people.operator(), deal)[1]
    assert (found["next"], found["states"]["settlement"]) == (None, "RELEASED")
    assert ask(client, deal.provider, deal)[1]["possible"] == ["end", "suspend", "amend"]
    listed = client.get("/api/v1/trades", headers=people.bearer(deal.provider)).get_json()
    assert [item["number"] for item in listed["items"]] == [deal.number]


def test_refusals_are_problems(client: FlaskClient) -> None:
    deal = trades.in_force()
    assert ask(client, people.verified(), deal)[0] == 404
    assert ask(client, deal.buyer, deal, "acceptance")[1]["code"] == "acceptance.not_delivered"
    assert ask(client, deal.provider, deal, "cancellation", reason="too cheap")[0] == 403
    assert ask(client, deal.buyer, deal, "rejection")[0] == 422
    assert ask(client, deal.buyer, deal, "cancellation", reason="no", more="yes")[0] == 422
    assert ask(client, people.operator(), deal, "ruling", outcome="half", reason="both are right")[0] == 422
    assert ask(client, people.operator(), deal, "ruling", outcome="refund", reason="no dispute")[0] == 409


def test_paying_leads_to_the_pay_page(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = trades.in_force()
    opened: list[object] = []

    def page(operation_id: Any) -> PayPage:
        opened.append(operation_id)
        with read() as session:
            return PayPage("https://pay.example/1", payments.operation(session, operation_id).step_id)

    monkeypatch.setattr(payments, "open_page", page)
    status, answer = ask(client, deal.buyer, deal, "payment")
    assert (status, answer["checkout_url"]) == (200, "https://pay.example/1")
    assert ask(client, deal.buyer, deal, "payment") == (status, answer)
    assert len(set(opened)) == 1
    sign_in(client, deal.buyer)
    assert send(client, f"/trades/{deal.number}", f"/trades/{deal.number}/payment") == "https://pay.example/1"


def test_a_form_that_comes_too_late_is_answered_even_if_it_is_filled_in_wrongly(client: FlaskClient) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    page = f"/trades/{deal.number}"
    sign_in(client, deal.buyer)
    assert "#f-reason" in send(client, page, f"{page}/rejection", reason="")
    assert ask(client, deal.buyer, deal, "acceptance")[0] == 200
    late = send(client, "/me", f"{page}/rejection", reason="")
    assert "This step is no longer possible." in late


def test_suspending_an_asset_by_its_route(client: FlaskClient) -> None:
    deal = trades.paid(trades.in_force())
    address = f"/api/v1/assets/{trades.rows(deal).trade.asset_id}/suspension"
    body = {"reason": "an objection was raised"}
    assert client.post(address, json=body, headers=people.bearer(deal.provider)).status_code == 403
    done = client.post(address, json=body, headers=people.bearer(people.operator()))
    assert (done.status_code, done.get_json()["kind"]) == (200, "asset.suspended")
    assert trades.grant(deal).holds == ["asset"]


def test_suspending_an_asset_on_its_page(client: FlaskClient) -> None:
    deal = trades.paid(trades.in_force())
    asset = f"/assets/{trades.rows(deal).trade.asset_id}"
    sign_in(client, people.operator())
    assert f'href="{asset}/standing"' in client.get(asset, headers=HTML).text
    page = f"{asset}/standing"
    assert 'aria-invalid="true"' in send(client, page, page, act="suspension", reason="")
    assert send(client, page, page, act="suspension", reason="an objection was raised") == asset
    assert trades.grant(deal).holds == ["asset"]
    shown = client.get(page, headers=HTML).text
    assert 'value="restoration"' in shown
    assert 'value="suspension"' not in shown


def test_suspending_an_organisation_by_its_route_reaches_its_grants(client: FlaskClient) -> None:
    deal = trades.paid(trades.in_force())
    done = client.post(
        f"/api/v1/organisations/{deal.provider.organisation_id}/decision",
        json={"decision": "suspend", "reason": "under examination"},
        headers=people.bearer(people.operator()),
    )
    assert done.status_code == 200
    assert trades.grant(deal).holds == ["provider"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_the_story_and_its_buttons(client: FlaskClient, language: str) -> None:
    deal = trades.in_force()
    address = f"/trades/{deal.number}"
    sign_in(client, deal.buyer)
    shown = client.get(f"{address}?lang={language}", headers=HTML).text
    assert f'action="{address}/payment"' in shown
    assert f'action="{address}/cancellation"' in shown
    assert shown.count("timeline-done") == 4
    assert (shown.count("timeline-now"), shown.count("timeline-next")) == (1, 3)
    assert shown.count('href="/entries/') == 4
    assert ("轮到您办理" in shown, "Your turn" in shown) == (language == "zh", language == "en")
    assert "人民币" in shown
    assert client.get(f"/audit/{deal.number}", headers=HTML).status_code == 200
    assert client.get("/trades", headers=HTML).text.count(deal.number) == 2
    trades.fetched(trades.paid(deal))
    shown = client.get(address, headers=HTML).text
    assert f'action="{address}/acceptance"' in shown
    assert f'href="{address}/delivery"' in shown
    wrong = send(client, address, f"{address}/rejection", reason="")
    assert 'aria-invalid="true"' in wrong
    assert send(client, address, f"{address}/rejection", reason="rows are missing") == address
    shown = client.get(address, headers=HTML).text
    assert "rows are missing" in shown
    assert f'action="{address}/ruling"' not in shown


def test_the_operator_rules_on_the_page(client: FlaskClient) -> None:
    deal = trades.fetched(trades.paid(trades.in_force()))
    ask(client, deal.buyer, deal, "rejection", reason="rows are missing")
    address = f"/trades/{deal.number}"
    sign_in(client, people.operator())
    assert send(client, address, f"{address}/ruling", outcome="refund", reason="they are") == address
    jobs.drain()
    assert trades.states(deal)["settlement"] == "REFUNDED"
    assert "they are" in client.get(address, headers=HTML).text


def test_a_page_accepts_and_cancels_and_downloads(client: FlaskClient) -> None:
    deal = trades.in_force(0)
    other = trades.in_force(0, beside=deal)
    sign_in(client, deal.buyer)
    page = f"/trades/{other.number}"
    assert send(client, page, f"{page}/cancellation", reason="by mistake") == page
    page = f"/trades/{deal.number}"
    assert client.get(f"{page}/delivery", buffered=True).status_code == 200
    jobs.drain()
    assert send(client, page, f"{page}/acceptance") == page
    assert trades.states(deal)["acceptance"] == "ACCEPTED"
    assert trades.states(other)["agreement"] == "TERMINATED"


def test_what_happens_by_itself_is_said_where_it_does(client: FlaskClient) -> None:
    by = timeline.Next(timeline.Side.BUYER, "fetch", clock.now())
    assert timeline.otherwise(by, priced=True) != timeline.otherwise(by, priced=False)
    assert timeline.otherwise(timeline.Next(timeline.Side.OPERATOR, "rule", None), priced=True) is None
    assert timeline.ahead(None, priced=True) == []
    labels = [item["label"] for item in timeline.ahead(by, priced=False)]
    assert timeline.STEPS["release"] not in labels
    assert set(timeline.STEPS) >= {word for course in timeline.COURSES.values() for word in course}
    assert set(timeline.STEPS) == set(timeline.WAITS)


def test_an_agreement_is_ended_and_its_data_deleted_by_program(client: FlaskClient) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    assert ask(client, deal.buyer, deal, "termination", ground="boredom", reason="enough")[0] == 422
    given = ask(client, deal.buyer, deal, "termination", ground="notice", reason="enough")
    assert (given[0], given[1]["kind"]) == (200, "notice.given")
    found = ask(client, deal.provider, deal)[1]
    assert (found["notice"]["side"], found["notice"]["ground"]) == ("buyer", "notice")
    assert ask(client, deal.provider, deal, "retraction")[1]["code"] == "notice.not_yours"
    assert ask(client, deal.buyer, deal, "retraction")[1]["kind"] == "notice.retracted"
    assert ask(client, deal.provider, deal, "suspension", cause="misuse", reason="passed on")[0] == 200
    assert ask(client, deal.buyer, deal)[1]["possible"] == ["end"]
    assert ask(client, deal.provider, deal, "restoration")[0] == 200
    ended = ask(client, deal.provider, deal, "termination", ground="grave", reason="passed on")
    assert ended[1]["kind"] == "agreement.terminated"
    found = ask(client, deal.buyer, deal)[1]
    assert (found["next"]["what"], found["duty"]["state"], found["possible"]) == (
        "delete",
        "OWED",
        ["delete"],
    )
    body = {"deleted_on": clock.now().date().isoformat(), "copies": "both", "method": "overwritten"}
    assert ask(client, deal.buyer, deal, "deletion", **{**body, "method": ""})[0] == 422
    assert ask(client, deal.buyer, deal, "deletion", **body)[1]["kind"] == "duty.performed"
    assert ask(client, deal.provider, deal)[1]["duty"]["copies"] == "both"


def test_an_agreement_is_ended_on_its_pages(client: FlaskClient) -> None:
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force())))
    page = f"/trades/{deal.number}"
    sign_in(client, deal.provider)
    assert f'href="{page}/termination"' in client.get(page, headers=HTML).text
    assert "#f-reason" in send(client, f"{page}/suspension", f"{page}/suspension", cause="misuse", reason="")
    assert (
        send(client, f"{page}/suspension", f"{page}/suspension", cause="misuse", reason="passed on") == page
    )
    assert "The provider has suspended the agreement" in client.get(page, headers=HTML).text
    assert send(client, page, f"{page}/restoration") == page
    assert "ends after 15 days" in client.get(f"{page}/termination", headers=HTML).text
    assert "#f-reason" in send(
        client, f"{page}/termination", f"{page}/termination", ground="breach", reason=""
    )
    assert (
        send(client, f"{page}/termination", f"{page}/termination", ground="breach", reason="passed on")
        == page
    )
    assert "Take the notice back" in client.get(page, headers=HTML).text
    assert send(client, page, f"{page}/retraction") == page
    assert (
        send(client, f"{page}/termination", f"{page}/termination", ground="grave", reason="passed on") == page
    )
    assert "you cannot end this agreement" in client.get(f"{page}/termination", headers=HTML).text
    sign_in(client, deal.buyer)
    assert "State the deletion" in client.get(page, headers=HTML).text
    form = f"{page}/deletion"
    early = {"deleted_on": "2900-01-01", "copies": "both", "method": "overwritten"}
    assert "This day lies ahead" in send(client, form, form, **early)
    assert send(client, form, form, **{**early, "deleted_on": clock.now().date().isoformat()}) == page
    assert "overwritten" in client.get(page, headers=HTML).text
    assert "Nothing is to be deleted" in client.get(form, headers=HTML).text
