"""Passkeys: enrolling, signing in, stepping up over a statement, and answers that are not what was asked."""

import hashlib
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contracts import stepup
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Invalid, NotFound
from market.participants import factors, passkeys
from market.participants.models import Challenge, Passkey
from tests import people
from tests.authenticator import UP, Authenticator
from tests.conftest import Clock
from tests.market.participants.visitor import HTML, is_in, post, send, signed_in

EMAIL = "buyer@example.org"
CHALLENGE = hashlib.sha256(b"what is about to be signed").digest()
ASK = "/sign-in/second-factor"
OVERVIEW = "/me/second-factor"


@pytest.fixture
def buyer(exchange: Flask) -> Actor:
    return people.verified(Role.BUYER, email=EMAIL)


def who(actor: Actor) -> Any:
    assert actor.user_id is not None
    return actor.user_id


def registered(actor: Actor, authenticator: Authenticator) -> None:
    with transaction() as session:
        options = passkeys.registration_options(session, who(actor), EMAIL, "Li")
    with transaction() as session:
        passkeys.register(session, who(actor), "laptop", authenticator.make(options))


def asked(actor: Actor, challenge: bytes | None = None) -> dict[str, Any]:
    with transaction() as session:
        return passkeys.assertion_options(session, who(actor), challenge)


def refused(actor: Actor, answer: str, challenge: bytes | None = None) -> str:
    with pytest.raises(Invalid) as error, transaction() as session:
        if challenge is None:
            passkeys.assert_present(session, who(actor), answer)
        else:
            passkeys.require_recent(session, who(actor), challenge, answer)
    return error.value.code


def test_a_passkey_is_enrolled_on_the_page_and_signs_in(client: FlaskClient, buyer: Actor) -> None:
    authenticator = Authenticator()
    signed_in(client, EMAIL)
    options = options_on(client, OVERVIEW, f"{OVERVIEW}/passkeys/options")
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    answer = post(
        client, OVERVIEW, f"{OVERVIEW}/passkeys", label="laptop", credential=authenticator.make(options)
    )
    assert len(re.findall(r"<code>[0-9A-Z-]{19}</code>", answer.text)) == 10
    assert "laptop" in client.get(OVERVIEW, headers=HTML).text
    other = client.application.test_client()
    assert send(other, "/sign-in", "/sign-in", email=EMAIL, password=people.PASSWORD) == ASK
    given = authenticator.give(options_on(other, ASK, f"{ASK}/options"))
    assert send(other, ASK, ASK, assertion=given) == "/"
    assert is_in(other)
    assert post(other, ASK, ASK, assertion=given).status_code == 422, "an answer is taken once"
    with read() as session:
        (row,) = session.query(Passkey)
        assert (row.sign_count, row.transports, row.used_at is not None) == (1, ["internal"], True)


def options_on(client: FlaskClient, page: str, address: str, **sent: str) -> Any:
    answer = post(client, page, address, **sent)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_step_up_leaves_evidence_that_holds_by_itself(exchange: Flask, buyer: Actor) -> None:
    authenticator = Authenticator()
    registered(buyer, authenticator)
    answer = authenticator.give(asked(buyer, CHALLENGE))
    with transaction() as session:
        kept = passkeys.require_recent(session, who(buyer), CHALLENGE, answer)
    assert kept.credential_id == authenticator.id
    stepup.verify(
        kept.public_key,
        CHALLENGE,
        "localhost",
        kept.authenticator_data,
        kept.client_data_json,
        kept.signature,
        origin="http://localhost:8080",
    )
    assert refused(buyer, answer, CHALLENGE) == "passkey.refused", "it was taken"


def test_a_step_up_is_for_one_statement_and_no_way_to_sign_in(exchange: Flask, buyer: Actor) -> None:
    authenticator = Authenticator()
    registered(buyer, authenticator)
    other = hashlib.sha256(b"something else").digest()
    answer = authenticator.give(asked(buyer, other))
    assert refused(buyer, answer, CHALLENGE) == "passkey.refused"
    assert refused(buyer, answer) == "passkey.refused"
    present = authenticator.give(asked(buyer))
    assert refused(buyer, present, CHALLENGE) == "passkey.refused"
    with transaction() as session:
        passkeys.assert_present(session, who(buyer), present)


def test_an_answer_comes_in_time_and_from_the_person_who_was_asked(
    exchange: Flask, buyer: Actor, clock: Clock
) -> None:
    authenticator, stranger = Authenticator(), people.verified(Role.BUYER)
    registered(buyer, authenticator)
    registered(stranger, Authenticator())
    answer = authenticator.give(asked(buyer))
    assert refused(stranger, answer) == "passkey.refused"
    asked(stranger)
    assert refused(stranger, answer) == "passkey.refused"
    with transaction() as session, pytest.raises(NotFound):
        passkeys.remove(session, who(stranger), session.query(Passkey).filter_by(label="laptop").first().id)
    clock.advance(minutes=5)
    assert refused(buyer, answer) == "passkey.refused"


@pytest.mark.parametrize(
    "bad",
    [
        Authenticator("http://localhost:9090"),
        Authenticator("https://exchange.example"),
        Authenticator(flags=UP),
        Authenticator(flags=0),
    ],
    ids=["port", "site", "unverified", "absent"],
)
def test_an_answer_from_elsewhere_or_from_nobody_is_refused(
    exchange: Flask, buyer: Actor, bad: Authenticator
) -> None:
    with transaction() as session:
        options = passkeys.registration_options(session, who(buyer), EMAIL, "Li")
    with pytest.raises(Invalid), transaction() as session:
        passkeys.register(session, who(buyer), "laptop", bad.make(options))
    good = Authenticator()
    registered(buyer, good)
    bad.key, bad.id, bad.count = good.key, good.id, good.count
    assert refused(buyer, bad.give(asked(buyer))) == "passkey.refused"
    assert refused(buyer, bad.give(asked(buyer, CHALLENGE)), CHALLENGE) == "passkey.refused"


def test_a_copy_of_the_key_shows_by_its_counter(exchange: Flask, buyer: Actor) -> None:
    authenticator = Authenticator()
    registered(buyer, authenticator)
    for _time in range(2):
        with transaction() as session:
            options = passkeys.assertion_options(session, who(buyer))
        with transaction() as session:
            passkeys.assert_present(session, who(buyer), authenticator.give(options))
    authenticator.count = 0
    assert refused(buyer, authenticator.give(asked(buyer))) == "passkey.refused"


@pytest.mark.parametrize(
    "answer",
    [
        "", "[]", "{}", "nonsense", '{"response":{}}', '{"response":[]}', '{"response":{"clientDataJSON":1}}',
        '{"response":{"clientDataJSON":"e30"}}', '{"response":{"clientDataJSON":"bnVsbA"}}', "[" * 9000,
    ],
)  # fmt: skip
def test_noise_is_refused(exchange: Flask, buyer: Actor, answer: str) -> None:
    registered(buyer, Authenticator())
    with transaction() as session:
        passkeys.registration_options(session, who(buyer), EMAIL, "Li")
    asked(buyer)
    assert refused(buyer, answer) == "passkey.refused"
    with pytest.raises(Invalid), transaction() as session:
        passkeys.register(session, who(buyer), "laptop", answer)


def test_parts_of_a_good_answer_that_were_changed_are_refused(exchange: Flask, buyer: Actor) -> None:
    authenticator = Authenticator()
    registered(buyer, authenticator)
    good = json.loads(authenticator.give(asked(buyer)))
    for name in good["response"]:
        for value in ("", "AAAA", 7, None, good["response"][name] and good["response"][name][::-1]):
            if name == "userHandle":
                continue  # says nothing that is relied upon
            changed = {**good, "response": {**good["response"], name: value}}
            assert refused(buyer, json.dumps(changed)) == "passkey.refused", (name, value)
    with transaction() as session:
        passkeys.assert_present(session, who(buyer), json.dumps(good))
        assert session.query(Challenge).count() == 0


def test_a_passkey_is_known_once_and_one_person_has_so_many(exchange: Flask, buyer: Actor) -> None:
    authenticator, stranger = Authenticator(), people.verified(Role.BUYER)
    registered(buyer, authenticator)
    with pytest.raises(Conflict) as known:
        registered(stranger, authenticator)
    assert known.value.code == "passkey.known"
    for _more in range(passkeys.MOST - 1):
        registered(buyer, Authenticator())
    with pytest.raises(Conflict) as many:
        registered(buyer, Authenticator())
    assert many.value.code == "passkey.too_many"
    with read() as session:
        assert factors.of(session, who(buyer)).count == passkeys.MOST


def test_nobody_is_asked_for_a_passkey_they_do_not_have(exchange: Flask, buyer: Actor) -> None:
    with transaction() as session, pytest.raises(NotFound):
        passkeys.assertion_options(session, who(buyer))
