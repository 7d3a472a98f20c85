"""The last line of defence: whatever is logged, no secret comes out; and what comes out is JSON."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from market import logs
from market.participants import tokens

TOKEN = tokens.new_token()
SECRETS = {
    "a token": (f"used {TOKEN} twice", TOKEN),
    "a payment key": ("key sk_live_51AbcDEF", "51AbcDEF"),
    "a restricted key": ("rk_test_9zZ99", "9zZ99"),
    "a webhook's secret": ("whsec_MfKQ9r8GKY", "MfKQ9r8GKY"),
    "the log's key": ("PRIVATE+KEY+example/log+1a2b3c4d+AbCd/EfG+hIj", "AbCd/EfG"),
    "a private key": ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\nEEIA\n-----END EC PRIVATE KEY-----", "EEIA"),
    "a header": ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    "a bearer": ("sent bearer abc.def.ghi", "abc.def.ghi"),
    "a cookie": ("Cookie: qilu_session=Zm9vYmFy; other=1", "Zm9vYmFy"),
    "a broken cookie": ("Invalid HTTP Header: 'Cookie Zm9vYmFy'", "Zm9vYmFy"),
    "a set cookie": ("Set-Cookie: qilu_session=Zm9vYmFy; HttpOnly", "Zm9vYmFy"),
    "a dictionary of headers": ("{'Cookie': 'qilu_session=Zm9vYmFy'}", "Zm9vYmFy"),
    "a signature": ("Stripe-Signature: t=1,v1=deadbeef", "deadbeef"),
    "a password in a form": ("email=x&password=hunter22&next=/", "hunter22"),
    "a password in JSON": ('{"password": "hunter 22", "label": "x"}', "hunter 22"),
    "a password in Python": ("User(new_password='hunter 22')", "hunter 22"),
    "a token in a query": ("/join?token=k3yk3yk3y&x=1", "k3yk3yk3y"),
    "a form's guard": ("csrf_token=IjRk.abc", "IjRk.abc"),
    "a database's password": ("postgresql://qilu:pa:ss@db/qilu", "pa:ss"),
    "an invitation": ("GET /invitations/aZ3_-aZ3_-aZ3_-aZ3_-aZ3_-aZ3_-aZ3_ HTTP/1.1", "aZ3_-aZ3"),
    "an invitation for programs": ("POST /api/v1/invitations/aZ3_-aZ3_-aZ3_-aZ3_ failed", "aZ3_-aZ3"),
    "a forgotten password": ("https://e.example/password/aZ3_-aZ3_-aZ3_-aZ3_-aZ3_", "aZ3_-aZ3"),
    "a forgotten password's request": ("Error handling request /password/aZ3_-aZ3_-aZ3_-aZ3_", "aZ3_-aZ3"),
    "somebody's address": ("letter to zhang.san@example.com.cn failed", "zhang.san"),
    "a quoted row": ("ERROR: duplicate\nDETAIL:  Key (name)=(张三) already exists.", "张三"),
    "a failing row": ("Failing row contains (1, 张三, 0531).", "张三"),
    "a statement's values": ("INSERT INTO user\n[parameters: ('张三', 1)]", "张三"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_is_hidden_wherever_it_stands(case: str) -> None:
    text, secret = SECRETS[case]
    assert secret in text
    event: dict[str, Any] = {
        "event": text,
        "deep": {"list": [1, {"value": f"before {text}"}]},
        "error": ValueError(text),
    }
    masked = logs.mask(None, "info", event)
    assert secret not in json.dumps(masked, ensure_ascii=False, default=repr)
    assert logs.HIDDEN in str(masked["event"])


@pytest.mark.parametrize(
    "name", ["password", "new_password", "secret_key", "Authorization", "set-cookie", "email", "phone"]
)
def test_a_field_of_a_private_name_is_hidden_whatever_it_holds(name: str) -> None:
    assert logs.mask(None, "info", {name: "anything", "deep": {name: ["anything"]}}) == {
        name: logs.HIDDEN,
        "deep": {name: logs.HIDDEN},
    }


def test_what_is_no_secret_stays(capsys: pytest.CaptureFixture[str]) -> None:
    event = {
        "event": "request", "route": "/api/v1/trades/<number>/delivery", "status": 200, "ms": 1.5,
        "via": None, "ok": True,
        "request_id": "0fb7d728fd8c4be1ba1268c35d5f4ec2", "address": "http://localhost:8080/healthz",
    }  # fmt: skip
    assert logs.mask(None, "info", dict(event)) == event


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to standard error after logging was set up as a server does."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.as_json()
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    structlog.configure(**before)
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_traceback_shows_no_locals(written: io.StringIO) -> None:
    def fail(hidden: str) -> None:
        raise ValueError(f"cannot use {TOKEN}")

    try:
        fail("local-hunter22")
    except ValueError:
        structlog.get_logger().exception("job.failed", job="x")
        logging.getLogger("somebody.else").exception("failed with %s", TOKEN)
    (ours,) = [line for line in lines(written) if line["event"] == "job.failed"]
    (others,) = [line for line in lines(written) if line.get("logger") == "somebody.else"]
    for line in (ours, others):
        assert line["level"] == "error"
        assert line["exception"][0]["frames"][-1]["name"] == "fail"
        assert (
            "locals" not in line["exception"][0]["frames"][-1]
            or not line["exception"][0]["frames"][-1]["locals"]
        )
    assert "local-hunter22" not in written.getvalue()
    assert TOKEN not in written.getvalue()
