"""The settings, read once from the environment, else from ``$QILU_HOME/secrets.env``.

Every name here is in the README's table; a test compares the two. Nothing else in the product reads
the environment. A missing secret stops the start with its name: there are no default secrets.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from market import refusals
from market.refusals import is_loopback

__all__ = ["STRIPE", "Settings", "SettingsError", "current", "is_loopback"]

ALWAYS = frozenset({"BASE_URL", "STRIPE_API_BASE", "MAIL_URL"})
"""Settings that every part of the exchange uses."""
STRIPE = "https://api.stripe.com"
"""The payment base of the real Stripe; any other base is test money."""


class SettingsError(Exception):
    """A setting is missing or unsafe; the message names it and says what to set."""


@dataclass(frozen=True)
class Settings:
    """Everything the exchange is told from outside.

    Attributes:
        home: folder of every embedded default (``QILU_HOME``).
        database_url: SQLAlchemy URL (``DATABASE_URL``); an SQLite file in ``home`` by default.
        database_owner_url: owner's URL for migrations on PostgreSQL (``DATABASE_OWNER_URL``).
        storage_url: where uploaded and rendered bytes lie (``STORAGE_URL``); a folder in ``home``.
        base_url: how people reach the exchange (``BASE_URL``).
        secret_key: signs session cookies and forms (``SECRET_KEY``).
        stripe_api_base: where the payment client calls (``STRIPE_API_BASE``).
        stripe_secret_key: the key of the payment platform (``STRIPE_SECRET_KEY``).
        stripe_webhook_secret: the secret of the webhook endpoint (``STRIPE_WEBHOOK_SECRET``).
        ledger_origin: name of the log in checkpoints (``LEDGER_ORIGIN``).
        ledger_signing_key: signed-note signing key of the log (``LEDGER_SIGNING_KEY``).
        ledger_policy: file that names the witnesses evidence needs (``LEDGER_POLICY``); none needed without one.
        ledger_witnessed: file that names the logs witnessed and mirrored here (``LEDGER_WITNESSED``).
        ledger_journal_key: public key for which the journal is sealed that mirrors keep (``LEDGER_JOURNAL_KEY``).
        ledger_tsa: addresses of the authorities that time-stamp the log, with blanks between (``LEDGER_TSA``).
        ledger_tsa_certificates: PEM file of what their tokens must lead to (``LEDGER_TSA_CERTIFICATES``).
        contract_tsa: addresses of the authorities that time-stamp contracts, asked in turn (``CONTRACT_TSA``); the
            exchange's own clock without one.
        contract_tsa_certificates: PEM file of what their tokens must lead to (``CONTRACT_TSA_CERTIFICATES``).
        exchange_held_keys: ``true`` lets the exchange make, hold and use parties' signing keys
            (``EXCHANGE_HELD_KEYS``); for demonstrations, since it can then sign in a party's name.
        mail_url: the mail server (``MAIL_URL``); letters are printed on standard output without one.
        locale: language where neither the visitor nor the browser names one (``LOCALE``).
    """

    home: Path
    database_url: str
    storage_url: str
    base_url: str = "http://localhost:8080"
    database_owner_url: str = ""
    secret_key: str = field(default="", repr=False)
    stripe_api_base: str = STRIPE
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    ledger_origin: str = ""
    ledger_signing_key: str = field(default="", repr=False)
    ledger_policy: str = ""
    ledger_witnessed: str = ""
    ledger_journal_key: str = ""
    ledger_tsa: str = ""
    ledger_tsa_certificates: str = ""
    contract_tsa: str = ""
    contract_tsa_certificates: str = ""
    exchange_held_keys: str = ""
    mail_url: str = field(default="", repr=False)
    locale: str = "zh"

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, home: Path | None = None) -> "Settings":
        """Read the settings.

        Args:
            environment: names and values; the process environment when None.
            home: the exchange's folder, whatever ``QILU_HOME`` says.

        Raises:
            SettingsError: the secrets file cannot be read.
        """
        given = os.environ if environment is None else environment
        home = Path(home or given.get("QILU_HOME") or ".qilu").expanduser().resolve()
        values = {**_secrets(home / "secrets.env"), **given}
        optional = {
            name: values[name.upper()]
            for name in (
                "base_url", "database_owner_url", "secret_key", "stripe_api_base", "stripe_secret_key",
                "stripe_webhook_secret", "ledger_origin", "ledger_signing_key",
                "ledger_policy", "ledger_witnessed", "ledger_journal_key", "ledger_tsa",
                "ledger_tsa_certificates", "contract_tsa", "contract_tsa_certificates",
                "exchange_held_keys", "mail_url", "locale",
            )
            if values.get(name.upper())
        }  # fmt: skip
        return cls(
            home=home,
            database_url=values.get("DATABASE_URL") or f"sqlite:///{home / 'qilu.db'}",
            storage_url=values.get("STORAGE_URL") or (home / "storage").as_uri(),
            **optional,
        )

    @property
    def test_money(self) -> bool:
        """Whether payments go anywhere but to the real Stripe."""
        return self.stripe_api_base.rstrip("/") != STRIPE

    @property
    def holds_party_keys(self) -> bool:
        """Whether the exchange makes, holds and uses signing keys for parties."""
        return self.exchange_held_keys == "true"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is an SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def origin(self) -> str:
        """The log's origin line; without a setting it is named after the host of ``base_url``."""
        return self.ledger_origin or f"{urlsplit(self.base_url).hostname}/qilu"

    def file(self, name: str) -> Path:
        """Return the file that a setting names: a relative name is meant from the exchange's folder."""
        return self.home / name

    def demand(self, *names: str) -> None:
        """Refuse to go on when a needed setting is missing or the configuration is unsafe.

        Args:
            names: attribute names that the command uses.

        Raises:
            SettingsError: a name has no value, or what it or the exchange's address says is malformed or unsafe.
        """
        missing = [name.upper() for name in names if not getattr(self, name)]
        if missing:
            raise SettingsError(
                f"missing setting: {', '.join(missing)}; set it in the environment or in {self.home}/secrets.env"
            )
        used = ALWAYS | {name.upper() for name in names}
        self._refuse(lambda fault: fault.setting in used)

    def demand_all(self) -> None:
        """Refuse to serve while anything about the settings is missing, malformed or unsafe.

        Raises:
            SettingsError: names each setting and what to do about it.
        """
        self._refuse(lambda _fault: True)

    def _refuse(self, concerns: Callable[[refusals.Fault], bool]) -> None:
        found = [fault for fault in refusals.faults(self) if fault.stops and concerns(fault)]
        if found:
            raise SettingsError("\n".join(f"{fault.setting} {fault.text}" for fault in found))


def current() -> Settings:
    """Return the settings of the running application."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def _secrets(path: Path) -> dict[str, str]:
    """Read ``NAME=value`` lines; blank lines and ``#`` comments are skipped."""
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}
