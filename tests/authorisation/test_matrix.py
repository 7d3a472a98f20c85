"""Every route and method of the application, asked by everybody: the product is what the table says."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.authorisation.asking import address, ask, outcome
from tests.authorisation.rows import Column, Outcome, Row
from tests.authorisation.table import ROWS
from tests.authorisation.world import World
from tests.fingerprint import changed

SAFE = {"GET", "HEAD", "OPTIONS"}
CHARGED = {"delivery_api.fetch", "delivery.fetch", "delivery_api.fetch_update", "delivery.fetch_update"}
"""Looking here is counted: the bytes that left stand in the quota."""
STANDING = {"trades_api.pay", "trades.pay"}
"""The pay page stands open already; asking again is answered with its address."""
PRINTED = {"texts_api.print_form", "texts.fill", "keys_api.challenge"}
"""A blank form is set in type for whoever asks and kept nowhere; that it was asked for is counted beside. A challenge
is sealed, and kept nowhere either."""


def test_every_route_and_method_has_a_row(assembled: Flask) -> None:
    routes = {
        (rule.endpoint, method)
        for rule in assembled.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(row.endpoint, row.method) for row in ROWS} == routes


def test_no_required_cell_is_empty() -> None:
    assert [
        (str(row), column) for row in ROWS for column in row.required if row.outcome(column) is None
    ] == []


def test_every_word_of_an_address_has_a_row(assembled: Flask) -> None:
    """Where an address takes one of several words, each is an act of its own."""
    for rule in assembled.url_map.iter_rules():
        words = {
            (name, word)
            for name, converter in rule._converters.items()
            for word in getattr(converter, "items", ())
        }
        told = {pair for row in ROWS if row.endpoint == rule.endpoint for pair in row.args.items()}
        assert words <= told, rule


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_is_as_its_row_says(world: World, row: Row) -> None:
    refused = [column for column in Column if row.outcome(column) is not None and not _acts(row, column)]
    assert {column: _asked(world, row, column) for column in refused} == _told(row, refused)
    assert not changed(world.rows), "what was refused, or only looked at, changed something"
    for column in Column:
        if row.outcome(column) is not None and column not in refused:
            assert {column: _asked(world, row, column)} == _told(row, [column])
            assert changed(world.rows), f"{column}: nothing was done"
            world.back()


def _told(row: Row, columns: list[Column]) -> dict[Column, Outcome]:
    return {column: row.outcome(column) for column in columns}


def _acts(row: Row, column: Column) -> bool:
    """Whether this call is allowed and changes something."""
    wanted = str(row.outcome(column))
    done = wanted[0] == "2" or (wanted[0] == "3" and wanted != "303 /sign-in")
    idle = row.endpoint in STANDING | PRINTED or (
        row.endpoint == "participants.sign_out" and column is Column.NOBODY
    )
    return done and not idle and (row.method not in SAFE or row.endpoint in CHARGED)


def _asked(world: World, row: Row, column: Column) -> Outcome:
    answer = ask(world, row, column)
    if column in {Column.NOBODY, Column.OTHER} or answer.status_code >= 400:
        _tells_nothing(world, row, column, answer.text if _is_text(answer) else "")
    if row.method == "GET" and column in {Column.OWN, Column.NOBODY, Column.OTHER} and not _acts(row, column):
        head = ask(world, row, column, "HEAD")
        assert (head.status_code, head.data) == (answer.status_code, b""), f"{column}: HEAD is not like GET"
    return outcome(answer, row.outcome(column))


def _tells_nothing(world: World, row: Row, column: Column, text: str) -> None:
    """Hold that an answer names nothing of a house that was not asked for."""
    if row.on == "invitation":
        return  # whoever has the link is the person it was written to
    asked_for = address(world, row, world.house(column))
    for house in (world.own, world.suspended):
        told = [word for word in house.private if word in text and word not in asked_for]
        assert not told, f"{column}: {row} tells {told}"


def _is_text(answer: TestResponse) -> bool:
    return answer.is_json or (answer.mimetype or "").startswith("text/")
