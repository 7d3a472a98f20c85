"""One call of the matrix: who asks for what, and what came back in the words of the table."""

import io
from collections.abc import Mapping
from typing import Any, Final

from werkzeug.test import TestResponse

from market.actor import Scope
from tests import deals
from tests.authorisation.rows import LINES, PAPER, SIGNED, Column, Outcome, Row
from tests.authorisation.world import HTML, House, Human, World

ORIGIN: Final = "http://localhost"


def ask(world: World, row: Row, column: Column, method: str | None = None) -> TestResponse:
    """Let the person of a column use a route.

    Args:
        world: the seeded exchange.
        row: the route, and what it needs.
        column: who asks, about whose object.
        method: another method than the row's.
    """
    human = world.who(row, column)
    house = world.house(column)
    if row.is_api:
        return _program(world, row, house, _token(row, column, human), method)
    return _browser(world, row, house, human, method)


def address(world: World, row: Row, house: House) -> str:
    """Return the address of a row's object in a house."""
    values: dict[str, Any] = filled(row.args, house)
    thing = house.things.get(row.on) or world.own.things.get(row.on) or row.on
    rule = next(
        rule
        for rule in world.app.url_map.iter_rules(row.endpoint)
        if row.method in (rule.methods or ()) and rule.arguments >= set(values)
    )
    left = sorted(rule.arguments - set(values))
    if left:
        values[left[0]] = thing
    query = filled(row.query, house)
    with world.app.test_request_context():
        return world.app.url_for(row.endpoint, _method=row.method, **values, **query)


def outcome(answer: TestResponse, wanted: Outcome) -> Outcome:
    """Return what came back, as exactly as the table asks for it."""
    if not isinstance(wanted, str):
        return answer.status_code
    status, _blank, rest = wanted.partition(" ")
    if status == "303":
        place = answer.headers.get("Location", "").removeprefix(ORIGIN).partition("?")[0]
        return f"{answer.status_code} {place}"
    if answer.is_json:
        return f"{answer.status_code} {answer.json.get('code', '')}"
    return wanted if str(answer.status_code) == status and f">{rest}<" in answer.text else answer.status_code


def _token(row: Row, column: Column, human: Human | None) -> dict[str, str]:
    """Return the token: in the own column made for nothing else, so that no other scope is needed."""
    if human is None:
        return {}
    if column is Column.UNSCOPED:
        return human.bearer(f"-{row.scope or Scope.READ}")
    return human.bearer(str(row.scope) if column is Column.OWN and row.scope else "all")


def _program(
    world: World, row: Row, house: House, headers: dict[str, str], method: str | None
) -> TestResponse:
    sent = filled(row.sent, house)
    body: dict[str, Any] = {}
    if row.sends_file:
        body["data"] = {**sent, "file": _file(row, sent)}
    elif row.method != "GET" and row.endpoint != "payments_api.webhook":
        body["json"] = sent
    return send(world, method or row.method, address(world, row, house), headers, **body)


def _browser(world: World, row: Row, house: House, human: Human | None, method: str | None) -> TestResponse:
    cookies, csrf = (human.cookies, human.csrf) if human else world.nobody
    body: dict[str, Any] = {} if row.method == "GET" else {"data": form(row, house, csrf)}
    headers = {"Accept": HTML, "Accept-Language": "en", "Cookie": cookies}
    return send(world, method or row.method, address(world, row, house), headers, **body)


def send(world: World, method: str, where: str, headers: Mapping[str, str], **body: Any) -> TestResponse:
    """Send one request without any memory of others."""
    client = world.app.test_client(use_cookies=False)
    return client.open(where, method=method, headers=headers, buffered=True, **body)


def form(row: Row, house: House, csrf: str) -> dict[str, Any]:
    """Return what a page's form holds."""
    sent = filled(row.sent, house)
    if row.sends_file:
        sent["file"] = _file(row, sent)
    return {**sent, "csrf_token": csrf}


def filled(values: Mapping[str, Any], house: House) -> dict[str, Any]:
    """Return what is sent, with the objects of a house put in."""
    return {
        name: value.format(**house.things, file="") if isinstance(value, str) else value
        for name, value in values.items()
    }


def _file(row: Row, sent: Mapping[str, Any]) -> tuple[io.BytesIO, str]:
    if SIGNED in row.sent.values():
        return io.BytesIO(sent["file"].encode()), "levels.csv.attestation.json"
    if PAPER in row.sent.values():
        return io.BytesIO(sent["file"].encode()), "invoice.pdf"
    if LINES in row.sent.values():
        return io.BytesIO(sent["file"].encode()), "statement.csv"
    return io.BytesIO(deals.content()), "levels.csv"
