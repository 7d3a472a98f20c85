"""Pages as a browser without scripts meets them: their forms, and a person who is signed in."""

import re
from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient

from market.actor import Actor
from market.participants.web import COOKIE
from tests import people


def forms(page: str) -> Iterator[tuple[str, dict[str, str], set[str]]]:
    """Yield (address, hidden fields, names of the other fields) of each form of a page that sends something."""
    for tag, inner in re.findall(r'<form([^>]*method="post"[^>]*)>(.*?)</form>', page, re.DOTALL):
        address = re.search(r'action="([^"]+)"', tag)
        assert address, tag
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', inner))
        named = set(re.findall(r'<(?:input|select|textarea)[^>]*? name="(\w+)"', inner)) - set(hidden)
        yield address.group(1), hidden, named


def signed_in(exchange: Flask, actor: Actor) -> FlaskClient:
    """Return a browser in which a person is signed in, with a second factor where they need one."""
    client = exchange.test_client()
    client.set_cookie(COOKIE, people.session_of(actor))
    return client
