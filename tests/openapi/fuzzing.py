"""Schemathesis on the application itself: every check, every phase, one seed."""

import itertools
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import make_server

from market.actor import Scope
from market.openapi.operations import OPERATIONS
from market.oversight import publishing
from tests.openapi.world import World

HOST = "localhost:8080"
SLOW = {"POST /api/v1/contracts"}
"""Sets a document in type, which takes a second: every eighth case is a real one."""
SEED = 20261122
"""Printed, and changed by nobody but a reader who wants to look further."""


@dataclass
class Found:
    """What a run came to.

    Attributes:
        examples: requests by operation.
        statuses: how often each status was answered.
        failures: what did not hold, with the request that shows it.
    """

    examples: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return what a run prints."""
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"schemathesis, seed {SEED}: {len(self.examples)} operations, "
            f"{sum(self.examples.values())} requests (fewest {min(self.examples.values(), default=0)}), "
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
    schema = schemathesis.openapi.from_url(f"{url}/api/openapi.json", config=configuration(url, examples))
    schema.auth(refresh_interval=None)(_provider(world))
    schema.hook("map_case")(real(world))
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(found, event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.errors.append(str(getattr(event, "info", None) or getattr(event, "exception", event)))
    return found


def configuration(url: str, examples: int) -> SchemathesisConfig:
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
            # A body in the right form may still be refused for what it says: a code's check character, a
            # listing that is gone. The state decides (409), or the meaning (422, 413, 400 for a signature, 416).
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": [
                        "2xx",
                        "304",
                        "400",
                        "401",
                        "403",
                        "404",
                        "409",
                        "413",
                        "416",
                        "422",
                        "429",
                    ]
                },
            },
            # A token is made for whoever's password the body holds, and deleted by its owner: two people here.
            "operations": [
                {
                    "include-name": "DELETE /api/v1/tokens/{token_id}",
                    "checks": {"ensure_resource_availability": {"enabled": False}},
                }
            ],
        }
    )


def published(app: Flask) -> Callable[..., Iterable[bytes]]:
    """Return the application with its publisher at hand: evidence needs a checkpoint over the newest entry."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        # The fuzzer's server has a port of its own; the exchange answers to its own name alone.
        environ["HTTP_HOST"] = HOST
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
        turn = next(turns[case.operation.label])
        if turn % 4 == 3 or (turn % 8 and case.operation.label in SLOW):
            return case
        label = case.operation.label
        for place, values in world.values.items():
            name = re.split("[{#]", place)[-1].rstrip("}")
            value = values[turn // 4 % len(values)]
            here = place in case.operation.path or place == f"{label}#{name}"
            if here and name in (case.path_parameters or {}):
                case.path_parameters[name] = value
            elif place == name and name in (case.headers or {}):
                case.headers[name] = value
            elif isinstance(case.body, dict) and name in case.body and place in {name, f"{label}#{name}"}:
                case.body[name] = value
        return case

    return map_case


def _provider(world: World) -> type:
    turns: dict[str, Iterator[int]] = defaultdict(itertools.count)

    class Token:
        """Whoever an operation is for, in turn."""

        def get(self, case: Any, _context: Any) -> dict[str, str]:
            label = case.operation.label
            scopes = OPERATIONS[label].scopes or (Scope.READ,)
            holders = [dict(holder) for scope in scopes for holder in world.people[scope]]
            return holders[next(turns[label]) % len(holders)]

        def set(self, case: Any, data: dict[str, str], _context: Any) -> None:
            case.headers = {**(case.headers or {}), **data}

    return Token


def _note(found: Found, event: events.ScenarioFinished) -> None:
    for id, interaction in event.recorder.interactions.items():
        case = event.recorder.cases[id].value
        found.examples[case.operation.label] += 1
        if interaction.response is not None:
            found.statuses[interaction.response.status_code] += 1
    for id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                key = f"{event.recorder.cases[id].value.operation.label}: {check.name}: {failure.title}"
                found.failures.setdefault(key, f"{failure.message}\n{check.failure_info.code_sample}")
