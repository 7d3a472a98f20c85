"""The demo's folder: secrets, people with passwords, and where the children listen."""

import json
import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ledger import note
from ledger.durable import OWNER_ONLY, replace
from market.demo.authenticators import Authenticators

ORIGIN = "localhost/qilu"
"""Name of the demo's log; a real exchange sets ``LEDGER_ORIGIN`` to a name of its own."""

SANDBOX_PORT_OFFSET = 1
"""The payment sandbox listens on the port after the server's, so that a second run finds its state."""


@dataclass(frozen=True)
class Home:
    """One exchange's folder, prepared.

    Attributes:
        folder: the folder itself (``QILU_HOME``).
        port: where the server listens.
        sandbox_port: where the payment sandbox listens.
        origin: name of its log.
    """

    folder: Path
    port: int
    sandbox_port: int
    origin: str = ORIGIN

    @property
    def url(self) -> str:
        """How people reach the exchange: localhost by name, as passkeys and WebCrypto need."""
        return f"http://localhost:{self.port}"

    @property
    def payment_url(self) -> str:
        """Where the payment sandbox answers."""
        return f"http://localhost:{self.sandbox_port}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the children: ours, and the settings that belong to this run."""
        own = {
            "QILU_HOME": str(self.folder),
            "BASE_URL": self.url,
            "STRIPE_API_BASE": self.payment_url,
            "EXCHANGE_HELD_KEYS": "true",
            "PYTHONUNBUFFERED": "1",
        }
        policies = {"LEDGER_POLICY": self.witnesses, "LEDGER_WITNESSED": self.watched}
        own |= {name: str(path) for name, path in policies.items() if path.exists()}
        return {**os.environ, **own}

    @property
    def witnesses(self) -> Path:
        """The file that names who witnesses this exchange; none in a demo of one."""
        return self.folder / "witnesses.policy"

    @property
    def watched(self) -> Path:
        """The file that names the logs that this exchange witnesses; none in a demo of one."""
        return self.folder / "witnessed.policy"

    @property
    def apps(self) -> Authenticators:
        """The authenticator apps of the demo's staff, whose secrets are kept in the folder."""
        return Authenticators(self.folder / "authenticators.json")

    def passwords(self, emails: list[str]) -> dict[str, str]:
        """Return the demo people's passwords, made at the first run and kept in the folder."""
        path = self.folder / "people.json"
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        missing = [email for email in emails if email not in known]
        if missing:
            known |= {email: secrets.token_urlsafe(12) for email in missing}
            replace(path, f"{json.dumps(known, indent=2)}\n".encode(), mode=OWNER_ONLY)
        return {email: known[email] for email in emails}


def prepare(folder: Path, port: int | None, origin: str = ORIGIN) -> Home:
    """Make the folder and its secrets, or keep what is there.

    Args:
        folder: made when it does not exist.
        port: where the server shall listen; any free port when None.
        origin: name of the exchange's log.

    Raises:
        PortTakenError: something else listens there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if port is None:
        port, sandbox_port = free_ports(2)
    else:
        sandbox_port = port + SANDBOX_PORT_OFFSET
        for wanted in (port, sandbox_port):
            if not is_free(wanted):
                raise PortTakenError(wanted)
    home = Home(folder, port, sandbox_port, origin)
    path = folder / "secrets.env"
    if not path.exists():
        replace(path, _secrets(home).encode(), mode=OWNER_ONLY)
    return home


class PortTakenError(Exception):
    """Something listens on a port that the demo needs.

    Args:
        port: which one.
    """

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is taken: is another demo running? Stop it, or choose another port with --port N"
        )


def is_free(port: int) -> bool:
    """Tell whether one can listen on a TCP port of this machine now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return different TCP ports that nothing listens on: each is held until all are found."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _each in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _secrets(home: Home) -> str:
    """Return the first secrets of a demo exchange: random, and payment keys that only the sandbox takes."""
    lines = {
        "SECRET_KEY": secrets.token_hex(32),
        "STRIPE_API_BASE": home.payment_url,
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "LEDGER_ORIGIN": home.origin,
        "LEDGER_SIGNING_KEY": note.generate(home.origin).secret_text(),
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())
