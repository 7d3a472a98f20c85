"""The form that proposes an amendment, and the page of what was in force on a day, without JavaScript."""

import html
import re
from typing import Any

from flask.testing import FlaskClient

from market import clock, jobs
from market.actor import Actor
from market.i18n import CHINA
from market.participants.web import COOKIE
from tests import amendments, people, trades

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def sign_in(client: FlaskClient, actor: Actor) -> None:
    client.set_cookie(COOKIE, people.session_of(actor))


def form_of(text: str) -> dict[str, Any]:
    """Return what a browser sends of the form of an amendment when nothing is touched."""
    place = text.index('name="base"')
    body = text[text.rindex("<form", 0, place) : text.index("</form>", place)]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name = re.search(r' name="([^"]*)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        chosen = "checkbox" not in tag and "radio" not in tag
        if name and (chosen or " checked" in tag):
            sent.setdefault(name[1], []).append(html.unescape(value[1] if value else ""))
    for name, inner in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', body, re.S):
        picked = re.search(r'<option value="([^"]*)" selected', inner)
        sent.setdefault(name, []).append(picked[1] if picked else "")
    for name, inner in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', body, re.S):
        sent.setdefault(name, []).append(html.unescape(inner))
    return sent


def test_a_person_proposes_and_reads_what_was_in_force(client: FlaskClient) -> None:
    deal = trades.paid(trades.in_force())
    sign_in(client, deal.buyer)
    page = f"/trades/{deal.number}/amendment"
    assert f'href="{page}"' in client.get(f"/trades/{deal.number}", headers=HTML).text
    shown = client.get(page, headers=HTML).text
    assert 'name="terms.term.days"' in shown
    assert 'name="terms.price' not in shown
    sent = form_of(shown)
    untouched = client.post(page, data=sent, headers=HTML)
    assert untouched.status_code == 409, untouched.text
    wrong = client.post(page, data={**sent, "terms.term.days": "0"}, headers=HTML)
    assert (wrong.status_code, "terms.term.days" in wrong.text) == (422, True)
    made = client.post(page, data={**sent, "terms.term.days": "700"}, headers=HTML)
    assert made.status_code == 303, made.text
    number = made.headers["Location"].rpartition("/")[2]
    contract = client.get(f"/contracts/{number}", headers=HTML).text
    assert f"Amendment {number} of contract {deal.number}" in contract
    assert "Amendment proposed" in contract
    assert "Payment received" not in contract
    assert "you cannot amend" in client.get(page, headers=HTML).text
    amendments.sign(deal, number)
    jobs.drain()
    assert "its terms apply" in client.get(f"/trades/{deal.number}", headers=HTML).text
    today = clock.now().astimezone(CHINA).date().isoformat()
    led = client.get(f"/contracts/{deal.number}/at?day={today}", headers=HTML)
    told = client.get(led.headers["Location"], headers=HTML).text
    assert f"Changed by amendment {number}" in told
    assert "700" in told
    for day, status in (("2026-01-01", 200), ("soon", 422), ("2999-01-01", 422)):
        assert client.get(f"/contracts/{number}/at/{day}", headers=HTML).status_code == status
    assert client.get(f"/contracts/{number}/offer", headers=HTML).status_code == 409
