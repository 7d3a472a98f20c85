"""One seeded exchange for the whole matrix: people for every column, and every object in every state.

It is made once; refused calls leave it as it is (that is tested), and after an allowed one the database is
put back to a copy.
"""

import io
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Protocol

from flask import Flask

from ledger import reader
from market import jobs
from market.actor import Actor, Role, Scope
from market.db import open_database, read, transaction
from market.oversight import publishing
from market.participants import access, factors, members, passkeys, resetting, web
from market.participants.models import User
from market.participants.states import Decision
from market.steps import steps_of
from market.trades import suspension
from tests import (
    attestations,
    people,
    reports,
    signers,
)
from tests.authenticator import Authenticator
from tests.authorisation.goods import WHY, goods_of, trades_of
from tests.authorisation.rows import Column, Row, Who
from tests.fingerprint import fingerprint

HTML = "text/html"
FORM_COOKIE = "qilu_form"
_number = itertools.count(1)


class Database(Protocol):
    """A database that can be put back."""

    url: str

    def keep(self) -> None:
        """Take the present rows as those to go back to; nobody is connected."""

    def back(self) -> str:
        """Put the kept rows back and return the address; nobody is connected."""


@dataclass(frozen=True)
class Human:
    """Somebody who asks: as an actor, by tokens and by a browser's cookies."""

    actor: Actor
    email: str
    tokens: Mapping[str, str]
    cookies: str
    csrf: str

    def bearer(self, kind: str = "all") -> dict[str, str]:
        """Return the header with a token made for everything, for one scope, or for all but one ("-read")."""
        return {"Authorization": f"Bearer {self.tokens[kind]}"}


@dataclass
class House:
    """A provider and a buyer with one object in each state; ``things`` are their objects by name."""

    people: dict[str, Actor] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    """Words that nobody else may ever read: numbers of contracts, titles of drafts, addresses."""


class World:
    """The exchange with everybody in it.

    Args:
        app: the application on an empty, migrated database, inside its context.
        database: that database.

    Attributes:
        rows: what every table holds before anybody asks.
    """

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self._database = app, database
        chief = people.operator()
        reports.waiting_event()
        self._actors = {
            "clerk": people.colleague(chief, Role.ADMIN),
            "operator": people.colleague(chief, Role.OPERATOR),
            "reviewer": people.colleague(chief, Role.REVIEWER),
            "auditor": people.colleague(chief, Role.AUDITOR),
            "stranger": people.verified(),
        }
        self.own, self.suspended = furnished(), furnished()
        for name in ("provider chief", "buyer chief", "assessor chief"):
            _suspend(chief, self.suspended.people[name])
        publishing.publish()
        _public(self.own)
        self.humans = {name: self._human(actor) for name, actor in self._everybody()}
        self.nobody = self._browser("")
        app.extensions["engine"].dispose()
        database.keep()
        self.back()
        self.rows = fingerprint()

    def back(self) -> None:
        """Put every row back to what it was when the world was made."""
        self.app.extensions["engine"].dispose()
        open_database(self.app, self._database.back())

    def who(self, row: Row, column: Column) -> Human | None:
        """Return who stands in a column of a row; None for nobody."""
        if column is Column.NOBODY:
            return None
        return self.humans[_name(row, column)]

    def house(self, column: Column) -> House:
        """Return whose object it is about."""
        return self.suspended if column is Column.SUSPENDED else self.own

    def _everybody(self) -> Iterator[tuple[str, Actor]]:
        yield from self._actors.items()
        for prefix, house in (("", self.own), ("suspended ", self.suspended)):
            for name, actor in house.people.items():
                yield prefix + name, actor

    def _human(self, actor: Actor) -> Human:
        assert actor.user_id is not None
        with transaction() as session:
            email = session.get_one(User, actor.user_id).email
            access.begin_session(
                session, actor.user_id, email, "elsewhere", second_factor=True
            )  # there is one to be ended
            secret = access.begin_session(session, actor.user_id, email, "tests", second_factor=True)
            tokens = {
                name: access.issue_token(session, actor.user_id, "tests", scopes, second_factor=True)[1]
                for name, scopes in _kinds_of_token().items()
            }
        cookies, csrf = self._browser(f"{web.COOKIE}={secret}")
        return Human(actor, email, tokens, cookies, csrf)

    def _browser(self, cookies: str) -> tuple[str, str]:
        """Open a page with a form; return the cookies afterwards and the form's hidden token."""
        client = self.app.test_client(use_cookies=False)
        answer = client.get("/sign-in", headers={"Accept": HTML, "Cookie": cookies})
        hidden = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        made = re.search(rf"{FORM_COOKIE}=[^;]+", answer.headers["Set-Cookie"])
        assert hidden, answer.text
        assert made, answer.headers
        return "; ".join(filter(None, [cookies, made[0]])), hidden[1]


def furnished() -> House:
    """Return a house with everything in it."""
    house = House()
    provider, buyer = people.verified(), people.verified()
    house.people = {
        "provider chief": provider,
        "provider": people.colleague(provider, Role.PROVIDER),
        "provider admin": people.colleague(provider, Role.ADMIN),
        "provider approver": people.colleague(provider, Role.APPROVER),
        "buyer chief": buyer,
        "buyer": people.colleague(buyer, Role.BUYER),
        "buyer admin": people.colleague(buyer, Role.ADMIN),
    }
    body = attestations.body()
    house.people |= {"assessor": body.actor, "assessor chief": body.chief}
    jobs.drain()
    spare = people.colleague(provider, Role.BUYER)
    with transaction() as session:
        invited = f"invited{next(_number)}@example.org"
        _row, secret, _step = members.invite(session, provider, invited, frozenset({Role.BUYER}))
    with transaction() as session:
        guest = f"guest{next(_number)}@example.org"
        asked, _secret, _step = members.invite(session, provider, guest, frozenset({Role.BUYER}))
    house.things |= {
        "guest": str(asked.user_id),
        "guest_email": guest,
        "organisation": str(provider.organisation_id),
        "buying": str(buyer.organisation_id),
        "spare": str(spare.user_id),
        "invitation": secret,
        **_belongings(house.people["provider"]),
        "entering": _email(buyer),
        **goods_of(provider, body),
        **trades_of(provider, buyer, house.people["provider"], house.private),
    }
    house.private |= {invited, guest, house.things["draft"], house.things["drafted"]}
    return house


def _belongings(person: Actor) -> dict[str, str]:
    """Give a person a token and a session to be taken away, and let a form know who that is."""
    assert person.user_id is not None
    with transaction() as session:
        email = session.get_one(User, person.user_id).email
        token = access.issue_token(session, person.user_id, "of theirs", Scope, second_factor=True)[0].id
        access.begin_session(session, person.user_id, email, "of theirs", second_factor=True)
        signed_in = access.sessions(session, person.user_id)[0].id
        resetting.ask(session, email, "en", "nowhere")
    with transaction() as session:
        options = passkeys.registration_options(session, person.user_id, email, "of theirs")
    with transaction() as session:
        answer = Authenticator().make(options)
        passkey = passkeys.register(session, person.user_id, "of theirs", answer).id
        factors.begin_app(session, person.user_id, email)
    return {
        "token": str(token),
        "session": str(signed_in),
        "email": email,
        "reset": _link(),
        "certificate": str(signers.certified(person).id),
        "csr": signers.csr(signers.key()),
        "passkey": str(passkey),
    }


def _email(person: Actor) -> str:
    """Return how somebody signs in who has no second factor."""
    with read() as session:
        return session.get_one(User, person.user_id).email


def _link() -> str:
    """Return the secret of the link in the letter that waits."""
    letters = io.StringIO()
    with redirect_stdout(letters):
        jobs.drain()
    found = re.search(r"/password/(\S+)", letters.getvalue())
    assert found, letters.getvalue()
    return found[1]


def _public(house: House) -> None:
    """Name what of the ledger anybody may ask for."""
    with read() as session:
        house.things["entry"] = str(steps_of(session, house.things["handle"])[0].id)
        head = reader.latest_checkpoint(session)
        assert head is not None
        house.things["head"] = str(head.size)
        entries = publishing.folder() / "tile" / "entries"
    house.things["tile"] = next(str(path.relative_to(entries.parent)) for path in entries.rglob("*.p/*"))
    house.things["origin"] = "0" * 64  # a log, as a witness names it


def _suspend(chief: Actor, person: Actor) -> None:
    assert person.organisation_id is not None
    with transaction() as session:
        suspension.decide_organisation(session, chief, person.organisation_id, Decision.SUSPEND, WHY)


def _kinds_of_token() -> dict[str, set[Scope]]:
    """Return the scopes of each kind of token: all, only one, all but one."""
    every = set(Scope)
    return {
        "all": every,
        **{scope.value: {scope} for scope in Scope},
        **{f"-{scope.value}": every - {scope} for scope in Scope},
    }


_STAFF = {Who.OPERATOR: "auditor", Who.REVIEWER: "operator", Who.AUDITOR: "operator"}


def _name(row: Row, column: Column) -> str:
    """Return the name of who stands in a column."""
    office = row.who in _STAFF
    home = "buyer" if row.who is Who.BUYER else "provider"
    right = {
        Who.ADMIN: "provider admin", Who.BUYER: "buyer", Who.APPROVER: "provider approver", Who.ASSESSOR: "assessor",
    }.get(row.who, "provider")  # fmt: skip
    wrong = {
        Who.ADMIN: "provider", Who.APPROVER: "provider", Who.PERSON: "provider chief", Who.ASSESSOR: "assessor chief",
    }.get(row.who, f"{home} admin")  # fmt: skip
    names = {
        Column.OWN: row.who.value if office else right,
        Column.OTHER: "stranger",
        Column.WRONG: "clerk" if office else wrong,
        Column.PARTY: "buyer chief" if home == "provider" and not office else "provider chief",
        Column.STAFF: _STAFF.get(row.who, "auditor"),
        Column.SUSPENDED: f"suspended {'provider chief' if office else right}",
    }
    return names[Column.OWN if column is Column.UNSCOPED else column]
