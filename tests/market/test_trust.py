"""The operator's two files: what they leave out has a default, what is wrong with them is named."""

from pathlib import Path

import pytest

from ledger import cosign, note
from market import refusals, trust
from market.config import Settings
from tests.conftest import LEDGER_KEY, settings_for
from tests.postgres import Urls

OWN = note.parse_signer(LEDGER_KEY).verifier
OTHER = note.generate("other.example/log").verifier
ONE, TWO = (cosign.generate(f"witness.example/{name}").verifier for name in "ab")
ASKED = f"witness a {ONE} https://one.example/witness\nwitness b {TWO} https://two.example/witness\n"


def settings(folder: Path, *, policy: str | None = None, watched: str | None = None) -> Settings:
    changes = {}
    for name, text in (("LEDGER_POLICY", policy), ("LEDGER_WITNESSED", watched)):
        if text is not None:
            (folder / name).write_text(text)
            changes[name] = name  # a relative name is meant from the exchange's folder
    return settings_for(Urls(app="sqlite://", owner=""), folder, **changes)


def faults(found: Settings) -> list[tuple[str, str]]:
    return [
        (fault.setting, fault.text) for fault in refusals.faults(found) if fault.setting.startswith("LEDGER_")
    ]


def test_without_a_file_the_log_alone_is_asked_for(tmp_path: Path) -> None:
    policy = trust.evidence(settings(tmp_path))
    assert (policy.logs, policy.witnesses, policy.quorum) == ([OWN], {}, "none")
    assert trust.witnessed(settings(tmp_path)).logs == []


def test_the_default_is_the_log_and_any_one_witness(tmp_path: Path) -> None:
    given = settings(tmp_path, policy=f"# ours\n{ASKED}")
    policy = trust.evidence(given)
    assert policy.logs == [OWN]
    assert policy.urls[OWN] == "http://localhost:8080/ledger"
    assert policy.groups[policy.quorum].threshold == 1
    assert policy.groups[policy.quorum].members == ("a", "b")
    assert faults(given) == []


def test_the_operator_can_ask_for_more(tmp_path: Path) -> None:
    old = note.generate(OWN.name).verifier
    given = settings(tmp_path, policy=f"log {OWN}\n{ASKED}group both all a b\nquorum both\n")
    assert trust.evidence(given).quorum == "both"
    assert trust.evidence(given, [OWN, old]).logs == [old, OWN]
    assert faults(given) == []


def test_a_file_without_witnesses_demands_none(tmp_path: Path) -> None:
    assert trust.evidence(settings(tmp_path, policy="# nobody yet\n")).quorum == "none"


def test_logs_are_watched_with_and_without_an_address(tmp_path: Path) -> None:
    third = note.generate("third.example/log").verifier
    given = settings(tmp_path, watched=f"log {OTHER} https://other.example/ledger\nlog {third}\n")
    policy = trust.witnessed(given)
    assert (policy.logs, policy.urls) == ([OTHER, third], {OTHER: "https://other.example/ledger"})
    assert faults(given) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("witness a\n", "is not a policy"),
        (f"witness a {ONE}\n", "no http(s) address"),
        (f"witness a {ONE} ftp://one.example\n", "no http(s) address"),
        (f"witness a {OTHER} https://one.example\n", "is not a policy"),
        (f"{ASKED}quorum c\n", "is not a policy"),
    ],
    ids=["no key", "no address", "no address of the web", "a log's key", "no such quorum"],
)
def test_what_is_wrong_with_the_witnesses_is_said(tmp_path: Path, text: str, said: str) -> None:
    [(setting, fault)] = faults(settings(tmp_path, policy=text))
    assert (setting, said in fault) == ("LEDGER_POLICY", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no log"),
        ("log nobody\n", "is not a policy"),
        (f"log {OWN} https://here.example/ledger\n", "own log"),
        (f"log {OTHER} other.example\n", "an address that is not http(s)"),
    ],
    ids=["empty", "no key", "itself", "no address of the web"],
)
def test_what_is_wrong_with_the_watched_logs_is_said(tmp_path: Path, text: str, said: str) -> None:
    [(setting, fault)] = faults(settings(tmp_path, watched=text))
    assert (setting, said in fault) == ("LEDGER_WITNESSED", True)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    given = settings_for(
        Urls(app="sqlite://", owner=""), tmp_path, LEDGER_POLICY="no.policy", LEDGER_WITNESSED="none.policy"
    )
    assert [setting for setting, fault in faults(given) if "cannot be read" in fault] == [
        "LEDGER_POLICY",
        "LEDGER_WITNESSED",
    ]
