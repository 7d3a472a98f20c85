"""A person in front of the pages: fills forms as a browser without scripts does."""

import re

import pyotp
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from market import clock
from tests import people

HTML = {"Accept": "text/html"}


def post(client: FlaskClient, page: str, address: str, **values: object) -> TestResponse:
    """Fill a page's form and send it."""
    found = client.get(page, headers=HTML)
    assert found.status_code == 200, found.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', found.text)
    assert token is not None
    return client.post(address, data={**values, "csrf_token": token[1]}, headers=HTML)


def send(client: FlaskClient, page: str, address: str, **values: object) -> str:
    """Fill a page's form, send it, and return where the answer leads (or its text)."""
    answer = post(client, page, address, **values)
    return answer.headers.get("Location", answer.text)


def signed_in(client: FlaskClient, email: str, password: str = people.PASSWORD) -> None:
    """Sign in."""
    assert send(client, "/sign-in", "/sign-in", email=email, password=password) == "/"


def is_in(client: FlaskClient) -> bool:
    """Tell whether the client is signed in."""
    return client.get("/me", headers=HTML).status_code == 200


def code(secret: str, later: int = 0) -> str:
    """Return what an authenticator app shows now, or as many steps later."""
    step = int(clock.now().timestamp()) // 30 + later
    return pyotp.TOTP(secret).generate_otp(step)


def enrolled(client: FlaskClient, email: str) -> str:
    """Set up an authenticator app over the API with the code of now; return its secret."""
    who = {"email": email, "password": people.PASSWORD}
    begun = client.post("/api/v1/second-factor", json=who)
    assert begun.status_code == 201, begun.json
    secret = str(begun.json["secret"])
    assert f"secret={secret}" in begun.json["uri"]
    done = client.post("/api/v1/second-factor/confirmation", json={**who, "code": code(secret)})
    assert done.status_code == 200, done.json
    return secret
