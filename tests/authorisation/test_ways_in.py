"""Tokens open the API and cookies the pages, never the other way round; forms come from our own pages."""

from typing import Any

from tests.authorisation.asking import address, filled, form, send
from tests.authorisation.rows import Column, Row, Who
from tests.authorisation.table import ROWS
from tests.authorisation.world import HTML, World
from tests.fingerprint import changed

GUARDED = [row for row in ROWS if row.who is not Who.PUBLIC and row.nobody != 404]
FORMS = [row for row in ROWS if row.method == "POST" and not row.is_api]


def test_a_cookie_opens_nothing_of_the_api(world: World) -> None:
    for row in (row for row in GUARDED if row.is_api):
        human = world.who(row, Column.OWN)
        assert human is not None
        body: dict[str, Any] = {"json": filled(row.sent, world.own)} if row.method != "GET" else {}
        if row.sends_file:
            body = {"data": form(row, world.own, human.csrf)}
            del body["data"]["csrf_token"]
        answer = send(world, row.method, address(world, row, world.own), {"Cookie": human.cookies}, **body)
        assert (answer.status_code, answer.json["code"]) == (401, "token.required"), row
    assert not changed(world.rows)


def test_a_token_opens_no_page(world: World) -> None:
    cookies, csrf = world.nobody
    for row in (row for row in GUARDED if not row.is_api and row.endpoint != "participants.sign_out"):
        human = world.who(row, Column.OWN)
        assert human is not None
        headers = {"Accept": HTML, "Cookie": cookies, **human.bearer()}
        body = {} if row.method == "GET" else {"data": form(row, world.own, csrf)}
        answer = send(world, row.method, address(world, row, world.own), headers, **body)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in"), row
    assert not changed(world.rows)


def test_a_form_that_our_page_did_not_make_does_nothing(world: World) -> None:
    stranger = world.humans["stranger"]
    for row in FORMS:
        human = world.who(row, Column.OWN if row.who is not Who.PUBLIC else Column.OTHER)
        assert human is not None
        headers = {"Accept": HTML, "Cookie": human.cookies}
        tokens = {"", "nothing", stranger.csrf} - {human.csrf}
        for token in tokens:
            answer = send(
                world, "POST", address(world, row, world.own), headers, data=form(row, world.own, token)
            )
            assert answer.status_code == 400, (row, token)
            assert ">form.expired<" in answer.text
    assert not changed(world.rows)


def test_addresses_say_which_methods_they_take(world: World) -> None:
    """OPTIONS tells the methods and nothing else; whatever is not told is refused."""
    told: dict[str, set[str]] = {}
    one: dict[str, str] = {}
    for row in ROWS:
        (rule,) = world.app.url_map.iter_rules(row.endpoint)
        told.setdefault(rule.rule, {"OPTIONS"}).update(_methods(row))
        one.setdefault(rule.rule, address(world, row, world.own))
    for rule_text, methods in told.items():
        where = one[rule_text]
        answer = send(world, "OPTIONS", where, {})
        assert (answer.status_code, answer.data) == (200, b""), where
        assert set(answer.headers["Allow"].split(", ")) == methods, where
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - methods:
            refused = send(world, method, where, {})
            assert refused.status_code == 405, (method, where)
            assert refused.json["code"] == "method.not_allowed"
    assert not changed(world.rows)


def _methods(row: Row) -> set[str]:
    return {"GET", "HEAD"} if row.method == "GET" else {row.method}
