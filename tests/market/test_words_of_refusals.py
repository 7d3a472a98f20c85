"""What is wrong with a field is said in the reader's language, on pages and to programs."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from marshmallow import ValidationError

from market.actor import Actor
from market.app import API, PAGES
from market.fields import Schema
from tests import assets, deals, people
from tests.browsing import forms, signed_in
from tests.reading import latin

JUNK: list[Any] = [
    "", "x", "x" * 5000, "a\x00b", 7, -1, 2**70, 1.5, True, None, [], ["zz"], [None], [[]], {}, {"a": 1},
]  # fmt: skip


def schemas(base: type[Schema] = Schema) -> Iterator[type[Schema]]:
    """Yield every schema of the exchange by which something comes in."""
    assert API
    assert PAGES
    for one in base.__subclasses__():
        if one.__module__.startswith("market.") and not one.__name__.endswith(("Out", "Schema", "Item")):
            yield one
        yield from schemas(one)


def sentences(messages: Any) -> Iterator[str]:
    """Yield every sentence of what marshmallow gathered."""
    if isinstance(messages, dict):
        for inner in messages.values():
            yield from sentences(inner)
    elif isinstance(messages, list):
        for inner in messages:
            yield from sentences(inner)
    else:
        yield str(messages)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_schema_refuses_in_the_reader_s_language(exchange: Flask, language: str) -> None:
    said: set[str] = set()
    with exchange.test_request_context("/", headers={"Accept-Language": language}):
        for schema in set(schemas()):
            values: list[Any] = [
                {},
                [],
                "x",
                {"zz": 1},
                *(dict.fromkeys(schema().fields, junk) for junk in JUNK),
            ]
            for value in values:
                try:
                    schema().load(value)
                except ValidationError as error:
                    said.update(sentences(error.messages))
    chinese = {sentence for sentence in said if re.search("[\u4e00-\u9fff]", sentence)}
    assert len(said) > 20
    assert said - chinese == (set() if language == "zh" else said)
    assert language == "en" or not {word for sentence in said for word in latin(sentence)}


def test_programs_are_told_in_their_language(exchange: Flask) -> None:
    client = exchange.test_client()
    for body in ({}, {"email": 7, "password": None, "days": 10**9, "scopes": ["all"], "zz": 1}):
        answer = client.post("/api/v1/tokens", json=body, headers={"Accept-Language": "zh"}).get_json()
        told = [answer["detail"], *sentences(answer["fields"])]
        assert not [sentence for sentence in told if not re.search("[\u4e00-\u9fff]", sentence)]
        assert not {word for sentence in told for word in latin(sentence)}
        answer = client.post("/api/v1/tokens", json=body, headers={"Accept-Language": "en"}).get_json()
        assert not re.search("[\u4e00-\u9fff]", answer["detail"] + str(answer["fields"]))


def faults(page: str) -> list[str]:
    """Return what a refused form says beside its fields."""
    return [
        html.unescape(one).strip() for one in re.findall(r'<span class="wrong">(.*?)</span>', page, re.DOTALL)
    ]


def test_every_form_of_a_page_is_refused_in_chinese(exchange: Flask) -> None:
    chief, provider = people.operator(), assets.provider()
    asset = assets.submitted(provider)
    registered = assets.registered(provider, deals.content())
    listing = assets.listed(provider, registered)
    applied = people.applied().id
    pages: list[tuple[Actor | None, str]] = [
        (None, "/join"),
        (None, "/sign-in"),
        (provider, "/assets/new"),
        (provider, f"/listings/new?asset={registered.id}"),
        (provider, "/members"),
        (provider, "/me"),
        (chief, f"/assets/{asset}"),
        (chief, f"/assets/{asset}/standing"),
        (chief, f"/listings/{listing}"),
        (chief, f"/organisations/{applied}"),
    ]
    refused: set[str] = set()
    for who, page in pages:
        client = signed_in(exchange, who) if who else exchange.test_client()
        chinese = {"Accept": "text/html", "Accept-Language": "zh"}
        shown = client.get(page, headers=chinese)
        assert shown.status_code == 200, page
        for address, hidden, named in forms(shown.text):
            for junk in ("", "x" * 5000, "\u202e", "7") if named else ():
                answer = client.post(address, data={**hidden, **dict.fromkeys(named, junk)}, headers=chinese)
                for fault in faults(answer.text) if answer.status_code == 422 else ():
                    refused.add(address)
                    assert re.search("[\u4e00-\u9fff]", fault), (address, fault)
                    assert not latin(fault), (address, fault)
    assert {"/join", "/sign-in", "/assets", "/listings"} <= refused
    assert len(refused) >= 7
