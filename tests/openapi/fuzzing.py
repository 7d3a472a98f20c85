"""Schemathesis on the application itself: every check, every phase, one seed."""

import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import requests
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.meta import TestPhase
from werkzeug.serving import make_server

from market.actor import Scope
from market.openapi.operations import OPERATIONS
from market.oversight import publishing
from tests.openapi.world import RUINOUS, SIGNS_IN, World

Json = dict[str, Any]

HOST = "localhost:8080"
SLOW = {"POST /api/v1/contracts", "POST /api/v1/offers", "POST /api/v1/offers/{number}/acceptances"}
"""Sets a document in type, which takes a second: every eighth case is a real one."""
WEBHOOK = "POST /webhooks/stripe"
_KEY = "a key must be made, and shown to be had"
_TERMS = "the terms on the table must be named by their digest"
_ONCE = "of the provider, in one state of a trade, and once"
_FILED = "takes a document that was issued elsewhere, with its day"
UNTAKEN = {
    WEBHOOK: "takes what Stripe has signed",
    "GET /api/v1/offers/{number}/pages/{place}.svg": "a page that this very document has",
    "GET /api/v1/signing-keys/{certificate_id}": _KEY,
    "POST /api/v1/bank-lines": "what a line must say depends on what it tells of",
    "POST /api/v1/bank-statements": "takes a file that a bank made",
    "POST /api/v1/trades/{number}/bank-transfer/proof": "takes a picture or a document",
    "POST /api/v1/certificates/{number}/attestations": "takes what an accredited body has signed",
    "POST /api/v1/contracts/{number}/acceptance": _TERMS,
    "POST /api/v1/contracts/{number}/offers": _TERMS,
    "POST /api/v1/contracts/{number}/remarks": _TERMS,
    "POST /api/v1/contracts/{number}/remarks/{remark_id}/adoption": "a suggestion must have been made",
    "POST /api/v1/contracts/{number}/signature/preparation": _KEY,
    "POST /api/v1/invoices/{invoice_id}/issue": _FILED,
    "POST /api/v1/invoices/{invoice_id}/red-letter": _FILED,
    "POST /api/v1/offers/{number}/signature": "one draft is at hand, and what is asked before may end it",
    "POST /api/v1/offers/{number}/signature/preparation": _KEY,
    "POST /api/v1/second-factor/confirmation": "takes an app's code of just now",
    "POST /api/v1/signing-keys": _KEY,
    "POST /api/v1/signing-keys/own": _KEY,
    "POST /api/v1/signing-keys/{certificate_id}/revocation": _KEY,
    "POST /api/v1/trades/{number}/amendments": _TERMS,
    "POST /api/v1/trades/{number}/renewal": "each trade is renewed once, and few are at hand",
    "POST /api/v1/trades/{number}/restoration": _ONCE,
    "POST /api/v1/trades/{number}/suspension": _ONCE,
}
"""Operations of which no description can make a good request, and why; the tests of their own rooms do."""
MEANT = {
    WEBHOOK: {"400"},  # there is no signature
    "POST /api/v1/listings/{number}/publication": {"422"},  # the data do not hold what is promised
    "GET /api/v1/contracts/{number}/at/{moment}": {"422"},  # a text is no day, and tomorrow has no past
}
"""Refusals for what an operation means, where no text is sent whose form could be wrong."""
FEW = {
    WEBHOOK: "nothing that it takes is described",
    "GET /api/v1/rules": "takes nothing",
    "GET /api/v1/texts": "takes nothing",
    "GET /api/v1/texts/{name}/{version}": "there are few texts",
    "DELETE /api/v1/members/{user_id}": "an id alone, of those that the fuzzer has seen and not deleted",
    "DELETE /api/v1/tokens/{token_id}": "an id alone, of those that the fuzzer has seen and not deleted",
}
"""Operations of which the fuzzer finds fewer different requests than it is asked for, and why."""
ENDED = {"DELETE /api/v1/tokens/{token_id}"}
"""Takes what there is once: after a step that made a token it ends that one, not one ended before."""
HALVED = {
    "GET /api/v1/listings/{number}",
    "GET /api/v1/listings/{number}/inspection",
    "GET /api/v1/offers/{number}",
}
"""Any text may be a number, and nobody need sign in: of every two cases the fuzzer drops the one meant to be bad."""
LEFT_OUT = {"cursor", "If-Range"}
"""Made up they are refused, or make that of Range nothing, and nothing else is looked at."""
SEED = 20261122
"""Printed, and changed by nobody but a reader who wants to look further."""


@dataclass
class Found:
    """What a run came to.

    Attributes:
        examples: random cases by operation.
        taken: how often a good request was answered as one, by operation.
        guarded: operations that refused a request they had taken, once its token was left out or made up.
        statuses: how often each status was answered, in every phase.
        failures: what did not hold, with the request that shows it.
    """

    examples: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    guarded: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return what a run prints."""
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"schemathesis, seed {SEED}: {len(self.examples)} operations, {len(+self.taken)} of them answered well, "
            f"{self.statuses.total()} requests, {self.examples.total()} of them random, "
            f"{len(self.failures)} failures · {statuses}"
        )


def fuzz(app: Flask, world: World, examples: int) -> Found:
    """Send what the description allows, and what it forbids, and hold every answer against it.

    Args:
        app: the application.
        world: what there is in it.
        examples: most random cases of an operation, beside the systematic ones.
    """
    server = make_server("127.0.0.1", 0, published(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        return _run(f"http://localhost:{server.port}", world, examples)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _run(url: str, world: World, examples: int) -> Found:
    where = f"{url}/api/openapi.json"
    spec = requests.get(where, timeout=120).json()
    schema = schemathesis.openapi.from_url(where, config=configuration(url, examples, spec))
    schema.auth(refresh_interval=None)(_provider(world))
    schema.hook("map_case")(real(world))
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(found, event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.errors.append(str(getattr(event, "info", None) or getattr(event, "exception", event)))
    return found


def configuration(url: str, examples: int, spec: Json) -> SchemathesisConfig:
    """Return how the fuzzer runs: nothing left out, no deadline, no health check that fails on a slow machine."""
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "workers": 1,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "base-url": url,
            "request-timeout": 120,
            "generation": {
                "max-examples": examples,
                "database": "none",
                "no-shrink": True,
            },
            "operations": [
                {
                    "include-name": label,
                    "generation": {"max-examples": examples * 2 if label in HALVED else examples},
                    "checks": {"positive_data_acceptance": {"expected-statuses": expected(spec, label)}},
                }
                for label in OPERATIONS
            ],
        }
    )


def expected(spec: Json, label: str) -> list[str]:
    """Return what a request in the described form may be answered with, for an operation.

    A form says nothing of what is there (404), who may (403) and what state it is in (409), and of the meaning
    not all: a code's check character, a text with NUL (400, 422). But no token is refused, no body is too large,
    and where nothing but an id is sent nothing can be malformed. That good requests are also done is counted.
    """
    method, path = label.split()
    stated = spec["paths"][path][method.lower()]
    texts = "requestBody" in stated or any(one["in"] == "query" for one in stated.get("parameters", ()))
    refusals = {status for status in stated["responses"] if status >= "400"} - {"413", "415", "503"}
    if not texts:
        refusals -= {"400", "422"} - MEANT.get(label, set())
    if label not in SIGNS_IN:
        refusals.discard("401")
    return ["2xx", "304", *sorted(refusals)]


def published(app: Flask) -> Callable[..., Iterable[bytes]]:
    """Return the application with its publisher at hand: evidence needs a checkpoint over the newest entry."""

    visitors = itertools.count()

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        # The fuzzer's server has a port of its own; the exchange answers to its own name alone.
        environ["HTTP_HOST"] = HOST
        # Many people, or what is counted by address would be all that is ever answered.
        environ["REMOTE_ADDR"] = str(ip_address("10.0.0.0") + next(visitors))
        with app.app_context():
            if environ["PATH_INFO"].endswith("/bundle.zip"):
                publishing.publish()
            return app.wsgi_app(environ, start)

    return answer


def real(world: World) -> Callable[..., Any]:
    """Return a hook that puts what there is into three of four cases that are meant to be good."""
    turns: dict[str, Iterator[int]] = defaultdict(itertools.count)

    def map_case(_context: Any, case: Any) -> Any:
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return case
        label = case.operation.label
        if label in ENDED and case.meta.phase.name is TestPhase.STATEFUL:
            return case
        turn = next(turns[label])
        if label not in RUINOUS and (turn % 4 == 3 or (turn % 8 and label in SLOW)):
            return case
        for part in (case.path_parameters, case.headers, case.query, case.body):
            if isinstance(part, MutableMapping):
                kept = {name: world.real(label, name, turn // 4) or value for name, value in part.items()}
                part.clear()
                part.update({name: value for name, value in kept.items() if name not in LEFT_OUT})
        return case

    return map_case


def _provider(world: World) -> type:
    turns: dict[str, Iterator[int]] = defaultdict(itertools.count)

    class Token:
        """Whoever an operation is for, in turn."""

        def get(self, case: Any, _context: Any) -> dict[str, str]:
            label = case.operation.label
            scopes = OPERATIONS[label].scopes or (Scope.READ,)
            kinds = [label] if label in world.people else scopes
            holders = [dict(holder) for kind in kinds for holder in world.people[kind]]
            return holders[next(turns[label]) % len(holders)]

        def set(self, case: Any, data: dict[str, str], _context: Any) -> None:
            case.headers = {**(case.headers or {}), **data}

    return Token


def _note(found: Found, event: events.ScenarioFinished) -> None:
    for id, interaction in event.recorder.interactions.items():
        node = event.recorder.cases[id]
        case, label, answer = node.value, node.value.operation.label, interaction.response
        if answer is not None:
            found.statuses[answer.status_code] += 1
        if node.parent_id is not None and node.transition is None:  # a request of the checks themselves
            found.guarded |= {label} if answer is not None and answer.status_code == 401 else set()
            continue
        if case.meta is None or case.method != label.partition(" ")[0]:
            continue  # a method that the address does not have
        found.examples[label] += case.meta.phase.name is TestPhase.FUZZING
        good = case.meta.generation.mode.is_positive
        found.taken[label] += good and answer is not None and 200 <= answer.status_code < 300
    for id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                key = f"{event.recorder.cases[id].value.operation.label}: {check.name}: {failure.title}"
                found.failures.setdefault(key, f"{failure.message}\n{check.failure_info.code_sample}")
