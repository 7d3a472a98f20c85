import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts import errors as contract_errors
from ledger import errors as ledger_errors
from market import errors
from market.app import create_app
from market.codes import CODES
from market.config import Settings
from market.db import open_database
from market.problems import STATUS, catalogue, status_of
from tests.conftest import settings_for
from tests.house.reference import codes
from tests.postgres import Urls

SILENT = {
    "contract.invalid", "key.malformed", "key.wrong_curve", "model.changed", "model.malformed", "model.refused",
    "model.unknown", "policy.invalid", "policy.unknown_action", "certificate.invalid", "certificate.malformed",
    "certificate.not_in_force", "certificate.revocation_unknown", "certificate.unfit", "certificate.untrusted",
    "timestamp.invalid",
}  # fmt: skip
"""Codes of the lower rooms for what is our own fault: outside they are ``server.failed``."""


@pytest.fixture(scope="module")
def application() -> Flask:
    """An application of these tests' own, since it has addresses that fail, one as a test says."""
    app = create_app(settings_for(Urls(app="sqlite://", owner=""), Path("nowhere")))

    def view() -> str:
        raise app.extensions["raised"]

    for place in ("/api/v1/failing", "/failing"):
        app.add_url_rule(place, place, view)
    app.add_url_rule("/api/v1/ranges", "ranges", lambda: abort(416))
    return app


@pytest.fixture
def exchange(application: Flask, settings: Settings) -> Iterator[Flask]:
    """It on a fresh database, inside its context."""
    application.extensions["settings"] = settings
    application.config["PROPAGATE_EXCEPTIONS"] = None
    engine = open_database(application, settings.database_url)
    with application.app_context():
        yield application
    engine.dispose()


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


@pytest.fixture
def failing(exchange: Flask) -> Flask:
    """The exchange, as it answers people when something is raised."""
    exchange.config["PROPAGATE_EXCEPTIONS"] = False
    return exchange


@pytest.mark.parametrize("room", [errors, contract_errors, ledger_errors])
def test_every_error_class_has_a_status_of_its_own(room: object) -> None:
    classes = {
        thing for _name, thing in inspect.getmembers(room, inspect.isclass) if issubclass(thing, Exception)
    }
    assert classes <= set(STATUS)


def test_a_child_takes_its_parent_s_status() -> None:
    class Special(errors.Conflict):
        pass

    assert status_of(Special("a.b", "c")) == 409
    assert status_of(ZeroDivisionError()) == 500


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (errors.NotFound("trade.not_found", "no"), 404, "trade.not_found"),
        (errors.Forbidden("role.missing", "no", rule="R1.3"), 403, "role.missing"),
        (errors.TooMany("sign_in.locked", "wait", retry_after=9), 429, "sign_in.locked"),
        (errors.Invalid("input.invalid", "no", fields={"name": ["why"]}), 422, "input.invalid"),
        (contract_errors.StateError("no"), 409, "contract.wrong_state"),
        (contract_errors.TermsError("price", "no"), 422, "terms.invalid"),
        (contract_errors.PolicyError("secret detail"), 500, "server.failed"),
        (ledger_errors.PublishError("secret detail"), 503, "server.unavailable"),
        (IntegrityError("INSERT secret detail", {}, Exception("x")), 409, "request.conflict"),
        (OperationalError("SELECT secret detail", {}, Exception("x")), 503, "server.unavailable"),
        (PoolTimeout("secret detail"), 503, "server.unavailable"),
        (ZeroDivisionError("secret detail"), 500, "server.failed"),
    ],
)
def test_each_error_leaves_as_a_problem_or_a_page(
    failing: Flask, raised: Exception, status: int, code: str
) -> None:
    failing.extensions["raised"] = raised
    client = failing.test_client()
    problem = client.get("/api/v1/failing")
    assert problem.content_type == "application/problem+json"
    assert problem.status_code == problem.json["status"] == status
    assert problem.json["code"] == code
    assert problem.json["request_id"] == problem.headers["X-Request-Id"]
    assert "secret detail" not in problem.text
    page = client.get("/failing", headers={"Accept": "text/html"})
    assert page.status_code == status
    assert page.content_type.startswith("text/html")
    assert page.headers["X-Request-Id"] in page.text
    assert "secret detail" not in page.text


def test_a_problem_carries_what_a_program_needs(failing: Flask) -> None:
    client = failing.test_client()
    failing.extensions["raised"] = errors.Forbidden("role.missing", "no", rule="R1.3")
    assert client.get("/api/v1/failing").json["rule"] == "R1.3"
    assert 'href="/rules#R1.3"' in client.get("/failing", headers={"Accept": "text/html"}).text
    failing.extensions["raised"] = errors.TooMany("sign_in.locked", "wait", retry_after=9)
    assert client.get("/api/v1/failing").headers["Retry-After"] == "9"


def test_wrong_methods_say_which_are_right(client: FlaskClient) -> None:
    answer = client.put("/api/v1/tokens", json={})
    assert answer.status_code == 405
    assert answer.json["code"] == "method.not_allowed"
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"a=b", "text/plain", 415),
        (b"\xff\xfe", "application/json", 400),
        (b'{"email": "' + b"x" * 1_200_000 + b'"}', "application/json", 413),
    ],
)
def test_what_is_not_a_request_is_refused(client: FlaskClient, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/api/v1/tokens", data=body, content_type=kind)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_aborts_are_problems_too(failing: Flask) -> None:
    assert failing.test_client().get("/api/v1/ranges").json["code"] == "range.not_satisfiable"


def test_every_code_of_the_source_is_explained_and_no_other() -> None:
    used = {
        code
        for code, places in codes().items()
        if not all(place.startswith("market/sandbox/") for place in places)
    }
    assert used - SILENT - set(CODES) == set(), "add it to market/codes.py"
    assert not SILENT & set(CODES)
    assert set(CODES) - used - {"form.expired", "ledger.form"} == set(), "nothing answers with it any more"


def test_codes_are_explained_in_both_languages(exchange: Flask) -> None:
    for language in ("en", "zh"):
        with force_locale(language):
            for problem in catalogue():
                assert bool(re.search("[\u4e00-\u9fff]", str(problem.meaning))) == (language == "zh"), (
                    problem.code
                )


def test_the_type_of_a_problem_leads_to_its_explanation(client: FlaskClient) -> None:
    answer = client.get("/api/v1/me").json
    assert answer["type"] == f"http://localhost:8080/docs/problems#{answer['code']}"
    assert f'id="{answer["code"]}"' in client.get("/docs/problems").text


def test_what_is_not_json_is_refused_whatever_it_is(client: FlaskClient) -> None:
    for body in (b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000, b""):
        answer = client.post("/api/v1/tokens", data=body, content_type="application/json")
        assert (answer.status_code, answer.json["code"]) in {
            (400, "request.malformed"),
            (422, "input.invalid"),
        }
