"""One person at the exchange's HTTP interface; the demo has no other way in."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

import requests

from market.demo.authenticators import Authenticators

TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.15

Body = dict[str, Any]
Found = TypeVar("Found")


class DemoError(Exception):
    """The exchange did not do what the demo expects.

    Args:
        message: what it answered.
        status: HTTP status; 0 when there was no answer.
        code: stable code of the problem; "" when there was none.
    """

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Person:
    """Somebody with a bearer token, or with none yet.

    Args:
        url: base address of the exchange.
        label: who it is, as the progress display shows it.
        session: kept connections; a new one when None.
    """

    def __init__(self, url: str, label: str, session: requests.Session | None = None) -> None:
        self.label = label
        self._url = url
        self._session = session or requests.Session()

    def sign_in(self, email: str, password: str, scopes: Iterable[str], code: str | None = None) -> Self:
        """Get a token for this person.

        Args:
            email: how they sign in.
            password: theirs.
            scopes: what the token is made for.
            code: of their authenticator app, if they have one.

        Raises:
            DemoError: wrong password, or the exchange refuses.
        """
        wanted = {"email": email, "password": password, "label": "demo", "scopes": list(scopes)}
        wanted |= {} if code is None else {"code": code}
        token = self.post("/api/v1/tokens", wanted)["token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        return self

    def enrol(self, email: str, password: str, apps: Authenticators) -> None:
        """Set up an authenticator app for this person, as their role needs one.

        Args:
            email: how they sign in.
            password: theirs.
            apps: keeps the secret before it counts, so that it cannot be lost.

        Raises:
            DemoError: wrong password, or there is a second factor already.
        """
        who = {"email": email, "password": password}
        apps.keep(email, self.post("/api/v1/second-factor", who)["secret"])
        self.post("/api/v1/second-factor/confirmation", {**who, "code": apps.code(email)})

    def get(self, path: str, **query: str) -> Body:
        """Return a JSON answer.

        Raises:
            DemoError: the exchange refuses.
        """
        return self._json(self._session.get(self._url + path, params=query, timeout=TIMEOUT_SECONDS))

    def post(self, path: str, body: Body | None = None, *, create: bool = False, key: str = "") -> Body:
        """Send JSON and return the JSON answer.

        Args:
            path: where.
            body: what; an empty object when None.
            create: something new is made, so an Idempotency-Key goes with it.
            key: the Idempotency-Key, to ask for the same thing again.

        Raises:
            DemoError: the exchange refuses.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())} if create or key else {}
        url = self._url + path
        return self._json(self._session.post(url, json=body or {}, headers=headers, timeout=TIMEOUT_SECONDS))

    def upload(self, path: str, name: str, content: bytes, fields: Mapping[str, str | list[str]]) -> Body:
        """Send a file with form fields and return the JSON answer.

        Raises:
            DemoError: the exchange refuses.
        """
        answer = self._session.post(
            self._url + path,
            data=fields,
            files={"file": (name, content)},
            headers={"Idempotency-Key": str(uuid.uuid4())},
            timeout=TIMEOUT_SECONDS,
        )
        return self._json(answer)

    def fetch(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Return bytes with their headers.

        Raises:
            DemoError: the exchange refuses.
        """
        answer = self._session.get(self._url + path, headers=headers, timeout=TIMEOUT_SECONDS)
        _require(answer)
        return answer

    def _json(self, answer: requests.Response) -> Body:
        _require(answer)
        found: Body = answer.json()
        return found


def wait_for(
    look: Callable[[], Found | None],
    what: str,
    *,
    seconds: float = 180,
    meanwhile: Callable[[], None] | None = None,
) -> Found:
    """Look again and again until something is there.

    Args:
        look: returns it, or None while it is not there.
        what: what is waited for, to say in the error.
        seconds: how long at most.
        meanwhile: called before each look, to notice that waiting is in vain.

    Raises:
        DemoError: it did not come.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if meanwhile is not None:
            meanwhile()
        found = look()
        if found is not None:
            return found
        time.sleep(POLL_SECONDS)
    raise DemoError(f"waited {seconds:.0f} s in vain for {what}")


def _require(answer: requests.Response) -> None:
    if answer.ok:
        return
    code = ""
    try:
        problem = answer.json()
        code = str(problem.get("code", ""))
        said = f"{problem.get('code')}: {problem.get('detail')} {problem.get('fields') or ''}"
    except ValueError:
        said = answer.text[:500]
    raise DemoError(
        f"{answer.request.method} {answer.request.path_url} -> {answer.status_code} {said}",
        answer.status_code,
        code,
    )
