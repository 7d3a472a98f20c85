"""One request to the API: key, parameters, idempotency, faults, answer."""

import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request

from market.sandbox.calls import Call, shown
from market.sandbox.endpoints import ENDPOINTS, Endpoint
from market.sandbox.faults import Fault, Faults
from market.sandbox.heard import Heard, Log
from market.sandbox.later import catch_up
from market.sandbox.parameters import check, parse
from market.sandbox.refusals import Declined, Refusal, wrong
from market.sandbox.store import Store, new_id

_FORM = "application/x-www-form-urlencoded"
_KEY = re.compile(r"[sr]k_test_[A-Za-z0-9_]+")
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(\.[a-z]+)?")


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    endpoint: Endpoint
    id: str
    raw: str
    request_id: str
    key: str
    fault: Fault


class Api:
    """The stand-in's API over one store.

    Args:
        store: what is remembered.
        base: how browsers reach this server, for the pay page's address.
        clock: the time in seconds.
    """

    def __init__(self, store: Store, base: str, clock: Callable[[], float]) -> None:
        self.store = store
        self.base = base
        self._clock = clock
        self.faults = Faults()
        self.log = Log()
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def call(self) -> Call:
        """Return a call that nobody asked for over the API, after whatever is due: the pages' and the controls'."""
        call = Call(self.store, int(self._clock()), {}, self.base)
        catch_up(call)
        return call

    def blueprint(self) -> Blueprint:
        """Return every address of the table, and a catch-all that refuses."""
        routes = Blueprint("api", __name__)
        for endpoint in ENDPOINTS:
            name = f"{endpoint.method} {endpoint.path}".replace(".", "_")
            routes.add_url_rule(
                endpoint.path,
                name,
                self._view(endpoint),
                methods=[endpoint.method],
                provide_automatic_options=False,
            )
        routes.add_url_rule(
            "/v1/<path:rest>", "other", self._unrecognized, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]
        )
        return routes

    def _unrecognized(self, rest: str) -> Response:
        message = f"Unrecognized request URL ({request.method}: /v1/{rest})."
        return _answer(404, json.dumps(Refusal(404, message).body("")), new_id("req"))

    def _view(self, endpoint: Endpoint):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Flask's own type is wider
        def view(id: str = "") -> Response:
            request_id = new_id("req")
            try:
                authorize()
                answer = self._perform(endpoint, id, request_id)
            except Refusal as refusal:
                answer = _answer(refusal.status, json.dumps(refusal.body(request_id)), request_id)
            self._remember(request_id, answer.status_code)
            return answer

        return view

    def _remember(self, request_id: str, status: int) -> None:
        raw = request.get_data() if request.method == "POST" else request.query_string
        self.log.add(
            Heard(
                id=request_id,
                method=request.method,
                path=request.path,
                raw=raw.decode("ascii", "replace"),
                key=request.headers.get("Idempotency-Key", ""),
                version=request.headers.get("Stripe-Version", ""),
                status=status,
            )
        )

    def _perform(self, endpoint: Endpoint, id: str, request_id: str) -> Response:
        raw = _raw_parameters()
        key = request.headers.get("Idempotency-Key", "") if endpoint.method == "POST" else ""
        if len(key) > 255:
            raise wrong("Idempotency-Key must be at most 255 characters.")
        fault = self.faults.next(endpoint.method, request.path)
        if fault.kind == "refuse":
            return _fault_answer(fault, request_id)
        if fault.kind == "cut":
            _drop_connection()
            return Response()
        answer = self._locked(Asked(endpoint, id, raw, request_id, key, fault))
        return _spoilt(answer, fault, request_id)

    def _locked(self, asked: Asked) -> Response:
        """Let one request at a time use a key."""
        key = asked.key
        if not key:
            return self._execute(asked)
        with self._lock:
            if key in self._running:
                message = (
                    f"There is currently another in-progress request using this Idempotency Key ({key})."
                )
                raise Refusal(409, message, kind="idempotency_error", code="idempotency_key_in_use")
            self._running.add(key)
        try:
            return self._once(asked)
        finally:
            with self._lock:
                self._running.discard(key)

    def _once(self, asked: Asked) -> Response:
        """Replay the key's first result, or do the request and keep its result."""
        kept = self.store.reply(asked.key)
        if kept is None:
            return self._execute(asked)
        if kept[0] != _fingerprint(asked.raw):
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
                f" Try using a key other than '{asked.key}'."
            )
            raise Refusal(400, message, kind="idempotency_error")
        answer = _answer(kept[1], kept[2], asked.request_id)
        answer.headers["Idempotent-Replayed"] = "true"
        answer.headers["Original-Request"] = kept[3]
        return answer

    def _execute(self, asked: Asked) -> Response:
        """Check the parameters (a refusal here is not kept), then act and keep the result, all or nothing."""
        params = check(asked.endpoint.table, parse(asked.raw))
        if asked.fault.kind == "slow":
            time.sleep(asked.fault.seconds)
        call = Call(
            self.store,
            int(self._clock()),
            params,
            self.base,
            asked.request_id,
            asked.key,
            asked.id,
            _account(asked.endpoint),
        )
        catch_up(call)
        try:
            with self.store.transaction():
                if asked.fault.kind == "break":
                    raise Refusal(500, "An unknown error occurred.", kind="api_error")  # noqa: TRY301 - a result
                status, body = self._answered(call, asked)
                self._keep(asked, status, body)
        except Refusal as refusal:
            status, body = refusal.status, json.dumps(refusal.body(asked.request_id))
            with self.store.transaction():
                self._keep(asked, status, body)
        current_app.extensions["wake"]()
        return _answer(status, body, asked.request_id)

    def _answered(self, call: Call, asked: Asked) -> tuple[int, str]:
        """Act and return status and body; a declined card is an answer too, and what was tried stays written."""
        try:
            return 200, json.dumps(shown(asked.endpoint.answer(call)))
        except Declined as declined:
            return declined.status, json.dumps(declined.body(asked.request_id))

    def _keep(self, asked: Asked, status: int, body: str) -> None:
        if asked.key:
            self.store.keep_reply(asked.key, _fingerprint(asked.raw), status, body, asked.request_id)


def authorize() -> None:
    """Accept any test key, as basic user or bearer.

    Raises:
        Refusal: 401, no key or not a test key.
    """
    given = request.authorization
    key = (given.username or given.token or "") if given else ""
    if not key:
        raise Refusal(401, "You did not provide an API key.")
    if not _KEY.fullmatch(key):
        raise Refusal(401, f"Invalid API Key provided: {key[:8]}***")


def _account(endpoint: Endpoint) -> str:
    """Return the connected account that is asked about; only what is here for such accounts can be asked."""
    account = request.headers.get("Stripe-Account", "")
    if account and (endpoint.method, endpoint.path) != ("GET", "/v1/balance"):
        raise wrong("This stand-in answers for connected accounts about their balance only.")
    return account


def _raw_parameters() -> str:
    """Return the form body of a POST, the query otherwise."""
    version = request.headers.get("Stripe-Version", "")
    if version and not _VERSION.fullmatch(version):
        raise wrong(f"Invalid Stripe API version: {version}")
    if request.method != "POST":
        return request.query_string.decode("ascii", "replace")
    if request.mimetype != _FORM:
        raise wrong(f"Invalid request: Content-Type must be {_FORM}.")
    try:
        return request.get_data().decode("ascii")
    except UnicodeDecodeError as error:
        raise wrong("Invalid request: parameters must be percent-encoded.") from error


def _fingerprint(raw: str) -> str:
    """Return what must be equal for two requests to be the same one."""
    return hashlib.sha256(f"{request.method} {request.path}\n{raw}".encode()).hexdigest()


def _answer(status: int, body: str, request_id: str) -> Response:
    answer = Response(body, status, content_type="application/json")
    answer.headers["Request-Id"] = request_id
    for name in ("Stripe-Version", "Idempotency-Key"):
        if name in request.headers:
            answer.headers[name] = request.headers[name]
    return answer


def _spoilt(answer: Response, fault: Fault, request_id: str) -> Response:
    """Return what the client gets to see of an answer, after the work is done."""
    if fault.kind == "lose":
        _drop_connection()
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    if fault.kind == "garble":
        return Response("<html>a proxy</html>", fault.status)
    if fault.kind == "deny":
        return _fault_answer(fault, request_id)
    return answer


def _fault_answer(fault: Fault, request_id: str) -> Response:
    kind = "invalid_request_error" if fault.status < 500 else "api_error"
    code = "rate_limit" if fault.status == 429 else ""
    refusal = Refusal(fault.status, "A fault that was asked for.", kind=kind, code=code)
    answer = _answer(fault.status, json.dumps(refusal.body(request_id)), request_id)
    if fault.retry:
        answer.headers["Stripe-Should-Retry"] = fault.retry
    if fault.after:
        answer.headers["Retry-After"] = str(fault.after)
    return answer


def _drop_connection() -> None:
    """Close the client's connection, so that no answer reaches it."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
