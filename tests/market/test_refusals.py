"""Every setting that is missing, malformed or unsafe is named, with what to do, and its value is never repeated."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import note
from market import sealing
from market.config import Settings, SettingsError
from market.refusals import faults
from tests.conftest import settings_for
from tests.postgres import Urls

PUBLIC = {"base_url": "https://exchange.example", "stripe_api_base": "https://api.stripe.com"}
MAIL = "smtps://user:password@mail.example:465?from=exchange@exchange.example"
LOCAL = {"base_url": "http://localhost:8080", "stripe_api_base": "http://localhost:9"}
GUESSED = "correct-horse"
JOURNAL_KEY = sealing.PUBLIC + "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""The base point: anybody's, but of the right form."""


@pytest.fixture
def safe(tmp_path: Path) -> Settings:
    """Settings of a public exchange in which nothing is wrong."""
    settings = settings_for(
        Urls(app="sqlite://", owner=""),
        tmp_path,
        SECRET_KEY=os.urandom(32).hex(),
        EXCHANGE_HELD_KEYS="false",
    )
    return replace(settings, mail_url=MAIL, **PUBLIC)  # type: ignore[arg-type]


def test_nothing_is_wrong_with_safe_settings(safe: Settings) -> None:
    assert list(faults(safe)) == []
    safe.demand_all()


@pytest.mark.parametrize(
    ("setting", "change", "says"),
    [
        ("SECRET_KEY", {"secret_key": ""}, "missing"),
        ("STRIPE_SECRET_KEY", {"stripe_secret_key": ""}, "missing"),
        ("STRIPE_WEBHOOK_SECRET", {"stripe_webhook_secret": ""}, "missing"),
        ("LEDGER_SIGNING_KEY", {"ledger_signing_key": ""}, "missing"),
        ("SECRET_KEY", {"secret_key": GUESSED}, "guessed"),
        ("SECRET_KEY", {"secret_key": "changeme"}, "guessed"),
        ("SECRET_KEY", {"secret_key": "a" * 64}, "guessed"),
        ("BASE_URL", {"base_url": "exchange.example"}, "not an address"),
        ("BASE_URL", {"base_url": "ftp://exchange.example"}, "not an address"),
        ("BASE_URL", {"base_url": "https://[::1"}, "not an address"),
        ("BASE_URL", {"base_url": "https://exchange.example:99999"}, "not an address"),
        ("BASE_URL", {"base_url": "http://exchange.example"}, "neither https nor loopback"),
        ("BASE_URL", {"base_url": "https://exchange.example/market"}, "a host name of its own"),
        ("BASE_URL", {"base_url": "https://user:pass@exchange.example"}, "a host name of its own"),
        ("STRIPE_API_BASE", {"stripe_api_base": "http://localhost:9"}, "test money"),
        ("STRIPE_API_BASE", {"stripe_api_base": "localhost"}, "not an address"),
        ("STRIPE_SECRET_KEY", {"stripe_secret_key": "pk_live_published"}, "does not look like a key"),
        (
            "STRIPE_SECRET_KEY",
            {**LOCAL, "stripe_secret_key": "sk_live_really"},
            "given away",
        ),
        ("STRIPE_WEBHOOK_SECRET", {"stripe_webhook_secret": "sk_test_wrong"}, "whsec_"),
        ("LEDGER_SIGNING_KEY", {"ledger_signing_key": "PRIVATE+KEY+nonsense"}, "signed-note key"),
        ("LEDGER_ORIGIN", {"ledger_origin": "another.example/log"}, "set LEDGER_ORIGIN to the key's name"),
        ("LEDGER_ORIGIN", {"ledger_origin": ""}, "exchange.example/qilu"),
        ("LEDGER_ORIGIN", {"ledger_origin": "two words"}, "without blanks"),
        ("LEDGER_JOURNAL_KEY", {"ledger_journal_key": "PRIVATE+qilu-journal-x25519:x"}, "qilu ledger journal-key"),
        ("LEDGER_JOURNAL_KEY", {"ledger_journal_key": JOURNAL_KEY}, "LEDGER_POLICY names no witness"),
        ("LOCALE", {"locale": "fr"}, "zh, en"),
        ("MAIL_URL", {"mail_url": ""}, "the secret links in them"),
        ("MAIL_URL", {"mail_url": "mail.example"}, "smtps://"),
        ("MAIL_URL", {"mail_url": "smtp://mail.example:port"}, "smtps://"),
        ("DATABASE_URL", {"database_url": "mysql://root:hidden@db/qilu"}, "postgresql://"),
        ("DATABASE_URL", {"database_url": "somewhere"}, "postgresql://"),
        ("DATABASE_OWNER_URL", {"database_owner_url": "somewhere"}, "postgresql://"),
    ],
)  # fmt: skip
def test_a_fault_names_its_setting_and_stops_the_start(
    safe: Settings, setting: str, change: dict[str, str], says: str
) -> None:
    unsafe = replace(safe, **change)  # type: ignore[arg-type]
    found = [fault for fault in faults(unsafe) if fault.setting == setting and says in fault.text]
    assert found, list(faults(unsafe))
    for value in change.values():
        if setting != "LEDGER_ORIGIN" and value:
            assert value not in str(found)
    with pytest.raises(SettingsError, match=setting):
        unsafe.demand_all()


def test_a_weak_key_is_named_on_loopback_but_lets_it_start(safe: Settings) -> None:
    local = replace(safe, base_url="http://localhost:8080", secret_key=GUESSED)
    assert [(fault.setting, fault.stops) for fault in faults(local)] == [("SECRET_KEY", False)]
    local.demand_all()


def test_letters_may_be_printed_on_loopback_alone(safe: Settings) -> None:
    local = replace(safe, base_url="http://localhost:8080", mail_url="")
    assert list(faults(local)) == []
    local.demand_all()


def test_the_file_of_secrets_is_its_owners_alone(safe: Settings) -> None:
    path = safe.home / "secrets.env"
    path.write_text("")
    path.chmod(0o600)
    assert list(faults(safe)) == []
    path.chmod(0o640)
    (fault,) = faults(safe)
    assert f"chmod 600 {path}" in fault.text
    with pytest.raises(SettingsError, match=r"secrets\.env"):
        safe.demand_all()


def test_the_file_of_secrets_belongs_to_the_owner_of_the_folder(
    safe: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = safe.home / "secrets.env"
    path.write_text("")
    path.chmod(0o600)
    real = Path.stat

    def foreign(self: Path, **options: bool) -> os.stat_result:
        found = real(self, **options)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:10])) if self == path else found

    monkeypatch.setattr(Path, "stat", foreign)
    (fault,) = faults(safe)
    assert "belongs to another user" in fault.text


def test_a_command_demands_only_what_it_uses(safe: Settings) -> None:
    replace(safe, stripe_secret_key="", locale="fr").demand("secret_key")
    with pytest.raises(SettingsError, match="LEDGER_SIGNING_KEY"):
        replace(safe, ledger_signing_key="").demand("ledger_signing_key")
    with pytest.raises(SettingsError, match="LEDGER_SIGNING_KEY"):
        replace(safe, ledger_signing_key="nonsense").demand("ledger_signing_key")
    assert note.generate("x").secret_text() not in repr(safe)
