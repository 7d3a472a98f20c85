"""The hostile corpus: values and bodies that nothing may take, and how an answer to them must look."""

import json
from typing import Any, Final

from werkzeug.test import TestResponse

from tests.authorisation.asking import address, filled, send
from tests.authorisation.rows import Column, Row
from tests.authorisation.world import HTML, Human, World
from tests.fingerprint import changed

DEEP: Final = 100_000
HUGE: Final = 10 * 1024 * 1024
BIDI: Final = "safe\u202etxt.exe"
SURROGATE: Final = "a\ud800b"
NUL: Final = "a\x00b"

VALUES: Final[dict[str, Any]] = {
    "NUL": NUL,
    "lone surrogate": SURROGATE,
    "direction mark": BIDI,
    "2^63": 2**63,
    "2^53": 2**53,
    "2^53 + 1": 2**53 + 1,
    "below 64 bits": -(2**63) - 1,
    "minus one": -1,
    "a float": 1.5,
    "beyond floats": float("inf"),
    "not a number": float("nan"),
    "true": True,
    "an object": {"$ne": None},
    "lists in a list": [[[]]],
}
"""What no field of any body takes (``json`` writes the two odd floats as ``Infinity`` and ``NaN``)."""

BODIES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "text": b'"text"',
    "half": b'{"reason": "half',
    "not UTF-8": b'{"reason": "\xff\xfe"}',
    "UTF-16": '{"reason": "wide"}'.encode("utf-16"),
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"reason":' * DEEP + b"1" + b"}" * DEEP,
    "a number of 5000 digits": b'{"reason": ' + b"9" * 5000 + b"}",
    "1e999": b'{"reason": 1e999}',
    "the same name twice": b'{"reason": "one reason", "reason": "another reason"}',
    "an unknown name": b'{"__proto__": {"admin": true}}',
    "10 MB": b'{"reason": "' + b"x" * HUGE + b'"}',
}
"""Bodies that no JSON address takes."""

KINDS: Final = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml", "")
"""Media types under which JSON is not looked at."""


def owner(world: World, row: Row) -> Human:
    """Return who may use a route, so that nothing but the input can be what is refused."""
    human = world.who(row, Column.OWN)
    assert human is not None
    return human


def post(world: World, row: Row, body: bytes, kind: str | None = "application/json") -> TestResponse:
    """Send bytes as a program."""
    headers = owner(world, row).bearer()
    return send(world, row.method, address(world, row, world.own), headers, data=body, content_type=kind)


def submit(world: World, row: Row, values: dict[str, Any]) -> TestResponse:
    """Send a form as a person."""
    human = owner(world, row)
    headers = {"Accept": HTML, "Accept-Language": "en", "Cookie": human.cookies}
    data = {**values, "csrf_token": human.csrf}
    return send(world, "POST", address(world, row, world.own), headers, data=data)


def variants(world: World, row: Row) -> dict[str, bytes]:
    """Return a good body of a route with each field in turn made bad."""
    good = filled(row.sent, world.own)
    return {
        f"{name}: {what}": json.dumps({**good, name: value}).encode()
        for name in good
        for what, value in VALUES.items()
        if name != "password" or isinstance(value, (dict, list))  # whatever somebody types is their password
    }


def keeps(world: World) -> None:
    """Hold that nothing was kept of what was sent; put the rows back, so that one leak fails one test."""
    found = changed(world.rows)
    if found:
        world.back()
    assert not found


def is_refused(answer: TestResponse) -> bool:
    """Tell whether an answer is a clear refusal: 4xx, with a stable code or with the form and what is wrong."""
    if not 400 <= answer.status_code < 500:
        return False
    if answer.mimetype == "application/problem+json":
        found = answer.json
        return found["status"] == answer.status_code and bool(found["code"] and found["detail"])
    return any(mark in answer.text for mark in ('class="problem"', 'aria-invalid="true"', 'role="alert"'))
