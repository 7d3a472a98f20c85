"""What is wrong with the settings: the one list, by which the start refuses and the doctor explains.

A fault names the setting and says what to do; it never quotes a secret. Most faults stop ``qilu serve`` and ``qilu
worker``; those that only a public exchange must not have let a loopback one start, and the doctor still names them.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography import x509
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ledger.errors import LedgerError
from ledger.note import parse_signer
from market import sealing, trust

if TYPE_CHECKING:
    from market.config import Settings

NEEDED: Final = ("secret_key", "stripe_secret_key", "stripe_webhook_secret", "ledger_signing_key")
"""Settings without a default that serving and working use."""
SECRET_LENGTH: Final = 32
"""Characters; 128 bits and more in hexadecimal."""
KNOWN_SECRETS: Final = frozenset(
    {
        "secret",
        "secret_key",
        "changeme",
        "change-me",
        "dev",
        "development",
        "test",
        "password",
        "insecure",
        "example",
    }
)
LOCALES: Final = ("zh", "en")
OWNER_ONLY: Final = 0o077
"""Permission bits that nobody but the owner of a secret may have."""

URL_LENGTH: Final = 200
_STRIPE_KEY: Final = re.compile(r"(?:sk|rk)_(?:test|live)_[0-9A-Za-z_]{5,}")
_WEBHOOK_SECRET: Final = re.compile(r"whsec_[0-9A-Za-z_+/=]{5,}")
_ORIGIN: Final = re.compile(r"[!-*,-~]{1,200}")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the settings.

    Attributes:
        setting: name of the setting, or of the file.
        text: what is wrong and what to do.
        stops: whether the exchange must not start so.
    """

    setting: str
    text: str
    stops: bool = True


def is_loopback(url: str) -> bool:
    """Tell whether the host of a URL can only be this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def faults(settings: "Settings") -> Iterator[Fault]:
    """Yield everything that is wrong with the settings themselves; nothing outside them is asked.

    Args:
        settings: what the exchange was told.
    """
    for name in NEEDED:
        if not getattr(settings, name):
            where = f"the environment or in {settings.home}/secrets.env"
            yield Fault(name.upper(), f"is missing; set it in {where}")
    for check in CHECKS:
        yield from check(settings)


def _base_url(settings: "Settings") -> Iterator[Fault]:
    url = settings.base_url
    try:
        parts = urlsplit(url)
        well = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        well = False
    if not well:
        yield Fault("BASE_URL", "is not an address; set it to https://<host name>")
        return
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password:
        yield Fault(
            "BASE_URL", "has more than scheme, host and port; the exchange must have a host name of its own"
        )
    if parts.scheme != "https" and not is_loopback(url):
        yield Fault(
            "BASE_URL",
            "is neither https nor loopback: passwords would travel in the clear; put a TLS proxy in front",
        )


def _secret_key(settings: "Settings") -> Iterator[Fault]:
    key = settings.secret_key
    if key and (
        len(key) < SECRET_LENGTH or key.lower() in KNOWN_SECRETS or len(set(key)) < SECRET_LENGTH // 4
    ):
        text = f"can be guessed; set {SECRET_LENGTH} random characters or more: openssl rand -hex 32"
        yield Fault("SECRET_KEY", text, stops=not is_loopback(settings.base_url))


def _payments(settings: "Settings") -> Iterator[Fault]:
    key, secret = settings.stripe_secret_key, settings.stripe_webhook_secret
    base = urlsplit(settings.stripe_api_base)
    if base.scheme not in {"http", "https"} or not base.hostname:
        yield Fault("STRIPE_API_BASE", "is not an address; leave it unset for the real Stripe")
    if settings.test_money and not is_loopback(settings.base_url):
        yield Fault(
            "STRIPE_API_BASE",
            "is not Stripe's but BASE_URL is not loopback: test money must not be taken from real people; "
            "set one of them right",
        )
    if key and not _STRIPE_KEY.fullmatch(key):
        yield Fault(
            "STRIPE_SECRET_KEY",
            "does not look like a key; copy it from Stripe: sk_live_…, rk_live_… or sk_test_…",
        )
    elif settings.test_money and "_live_" in key:
        yield Fault(
            "STRIPE_SECRET_KEY",
            "is a live key but STRIPE_API_BASE is not Stripe's: the key would be given away; unset one",
        )
    if secret and not _WEBHOOK_SECRET.fullmatch(secret):
        yield Fault(
            "STRIPE_WEBHOOK_SECRET",
            "does not look like one; copy the endpoint's signing secret from Stripe: whsec_…",
        )


def _ledger(settings: "Settings") -> Iterator[Fault]:
    if not _ORIGIN.fullmatch(settings.origin):
        yield Fault(
            "LEDGER_ORIGIN", "must be a name without blanks and plus signs, such as exchange.example/log"
        )
    if not settings.ledger_signing_key:
        return
    try:
        name = parse_signer(settings.ledger_signing_key).name
    except LedgerError:
        yield Fault("LEDGER_SIGNING_KEY", "is not a signed-note key: PRIVATE+KEY+<name>+<hash>+<key>")
        return
    if name != settings.origin:
        text = f"is {settings.origin!r} but LEDGER_SIGNING_KEY is the key of {name!r}"
        yield Fault("LEDGER_ORIGIN", f"{text}; set LEDGER_ORIGIN to the key's name")


def _witnesses(settings: "Settings") -> Iterator[Fault]:
    yield from (Fault(setting, text) for setting, text in trust.faults(settings))


def _journal(settings: "Settings") -> Iterator[Fault]:
    if not settings.ledger_journal_key:
        return
    try:
        sealing.parse_public(settings.ledger_journal_key)
    except LedgerError:
        text = (
            "is not the line that `qilu ledger journal-key FILE` prints; the private key does not belong here"
        )
        yield Fault("LEDGER_JOURNAL_KEY", text)
    if not settings.ledger_policy:
        yield Fault("LEDGER_JOURNAL_KEY", "is set but LEDGER_POLICY names no witness to keep the journal")


def _authorities(settings: "Settings") -> Iterator[Fault]:
    """Time stamps: every address can be asked, and there is something to hold the answers against."""
    for name in ("LEDGER_TSA", "CONTRACT_TSA"):
        urls = getattr(settings, name.lower()).split()
        for url in urls:
            if (
                urlsplit(url).scheme not in {"http", "https"}
                or not urlsplit(url).hostname
                or len(url) > URL_LENGTH
            ):
                yield Fault(
                    name,
                    "holds something that is no http(s) address; write one or more with blanks between",
                )
        if not urls:
            continue
        path = settings.file(getattr(settings, f"{name.lower()}_certificates") or "none is set")
        try:
            x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no certificate"
            text = f"must name a PEM file of what the time stamps of {name} must lead to: {why}"
            yield Fault(f"{name}_CERTIFICATES", text)


def _held_keys(settings: "Settings") -> Iterator[Fault]:
    if settings.exchange_held_keys not in {"", "true", "false"}:
        yield Fault("EXCHANGE_HELD_KEYS", "is neither true nor false")
    if settings.holds_party_keys and not is_loopback(settings.base_url):
        text = "lets the exchange sign in parties' names; unset it, and parties sign with keys of their own"
        yield Fault("EXCHANGE_HELD_KEYS", text, stops=False)


def _others(settings: "Settings") -> Iterator[Fault]:
    if settings.locale not in LOCALES:
        yield Fault("LOCALE", f"is not known; set one of: {', '.join(LOCALES)}")
    if not settings.mail_url and not is_loopback(settings.base_url):
        yield Fault(
            "MAIL_URL",
            "is missing but BASE_URL is not loopback: letters would be printed, and the secret links in them kept by "
            "whatever keeps standard output; set smtps://user:password@host:465?from=address",
        )
    if settings.mail_url:
        try:
            mail = urlsplit(settings.mail_url)
            well = mail.scheme in {"smtp", "smtps"} and bool(mail.hostname) and (mail.port or 1) > 0
        except ValueError:
            well = False
        if not well:
            yield Fault("MAIL_URL", "is not smtp://host or smtps://user:password@host:465?from=address")
    for name in ("database_url", "database_owner_url"):
        url = getattr(settings, name)
        if url and not _is_database(url):
            yield Fault(name.upper(), "is neither sqlite:///<file> nor postgresql://<role>@<host>/<database>")


def _is_database(url: str) -> bool:
    try:
        return make_url(url).get_backend_name() in {"sqlite", "postgresql", "postgres"}
    except (ArgumentError, ValueError):
        return False


def _secrets_file(settings: "Settings") -> Iterator[Fault]:
    path = settings.home / "secrets.env"
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_mode & OWNER_ONLY:
        yield Fault("secrets.env", f"can be read by others; run: chmod 600 {path}")
    if found.st_uid != settings.home.stat().st_uid:
        yield Fault(
            "secrets.env",
            f"belongs to another user than its folder; run: chown --reference {settings.home} {path}",
        )


CHECKS: Final[tuple[Callable[["Settings"], Iterator[Fault]], ...]] = (
    _base_url, _secret_key, _payments, _ledger, _witnesses, _journal, _authorities, _held_keys, _others,
    _secrets_file,
)  # fmt: skip
