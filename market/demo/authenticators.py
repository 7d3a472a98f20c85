"""The authenticator apps of the demo's staff, who need a second factor as everywhere: a file instead of a telephone."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ledger.durable import OWNER_ONLY, replace

STEP_SECONDS: Final = 30
"""How long a code lasts (RFC 6238)."""


class Authenticators:
    """Secrets by e-mail address, each with the step of its last code, since an exchange takes each code once.

    Args:
        path: the file that keeps them.
        now: seconds since 1970, as the exchange's clock has them.
        wait: called while every code that the exchange would take was used.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], float] = time.time,
        wait: Callable[[], None] = lambda: time.sleep(1),
    ) -> None:
        self._path, self._now, self._wait = path, now, wait

    def keep(self, email: str, secret: str) -> None:
        """Keep the secret of a new app, in place of an earlier one."""
        self._write({**self._known(), email: {"secret": secret, "step": 0}})

    def secret(self, email: str) -> str:
        """Return the secret of somebody's app; "" for somebody without one."""
        return str(self._known().get(email, {}).get("secret", ""))

    def code(self, email: str) -> str | None:
        """Return a code that was not given before, good for half a minute; None for somebody without an app."""
        import pyotp

        known = self._known()
        if email not in known:
            return None
        secret, last = str(known[email]["secret"]), int(known[email]["step"])
        while last >= self._present() + 1:
            self._wait()
        step = max(last + 1, self._present())
        self._write({**known, email: {"secret": secret, "step": step}})
        return pyotp.TOTP(secret).generate_otp(step)

    def _present(self) -> int:
        return int(self._now()) // STEP_SECONDS

    def _known(self) -> dict[str, dict[str, str | int]]:
        if not self._path.exists():
            return {}
        found: dict[str, dict[str, str | int]] = json.loads(self._path.read_text(encoding="utf-8"))
        return found

    def _write(self, known: dict[str, dict[str, str | int]]) -> None:
        replace(self._path, f"{json.dumps(known, indent=2)}\n".encode(), mode=OWNER_ONLY)
