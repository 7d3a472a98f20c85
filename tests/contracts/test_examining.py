import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from contracts import canonical
from contracts.certificates import Authorities
from contracts.checks import Outcome
from contracts.examining import attached, examine, lists_in
from contracts.pades import BOTH
from contracts.vocabulary import Role
from tests.conftest import CI, tell
from tests.contracts.authority import NOW, Authority
from tests.contracts.signed import Paper, completed, names, paper, rendered
from tests.contracts.tampers import EIGHT, MORE, flipped, room

FLIPS = 200 if CI else 40


@cache
def both() -> Paper:
    return paper()


@pytest.mark.parametrize("name", [*EIGHT, *MORE])
def test_a_tampered_document_is_refused_even_where_the_records_name_it(name: str) -> None:
    """The digest in the ledger finds every change; the other rules find it without the ledger's help."""
    change, rule = {**EIGHT, **MORE}[name]
    file = change(both())
    assert file != both().file
    assert rule in both().failed(file), examine(file, both().expected(file))
    checks = examine(file, both().expected())
    assert checks[0].name == "file"
    assert checks[0].outcome is Outcome.FAILED


def test_every_flipped_bit_is_refused_even_where_the_records_name_it() -> None:
    chance = random.Random(22)
    file = both().file
    rendered_end, signatures = len(rendered()[0]), [room(file, place) for place in range(2)]
    for number in range(FLIPS):
        spans = [(0, rendered_end), (rendered_end, len(file)), *signatures]
        first, last = spans[number % len(spans)]
        bit = chance.randrange(8 * first, 8 * last)
        changed = flipped(file, bit)
        assert both().failed(changed), f"bit {bit} flipped and nothing but the digest would tell"
        assert "file" in names(examine(changed, both().expected()), Outcome.FAILED)
    tell("pades", f"{FLIPS} flipped bits, each refused by another rule than the digest too")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda one: {"rendered": "0" * 64}, "rendered text"),
        (lambda one: {"size": len(rendered()[0]) - 1}, "rendered text"),
        (lambda one: {"signers": [one.signed(role) for role in reversed(BOTH)]}, "signatures"),
        (lambda one: {"signers": [one.signed(Role.PROVIDER)]}, "signatures"),
        (lambda one: {"signers": with_buyer(one, statement="another")}, "signature of the buyer"),
        (lambda one: {"signers": with_buyer(one, certificate=b"\x30\x00")}, "signature of the buyer"),
        (lambda one: {"signers": with_buyer(one, at=NOW + timedelta(days=1))}, "time stamp of the buyer"),
        (lambda one: {"stampers": []}, "time stamp of the buyer"),
        (lambda one: {"stampers": [Authority().root.der]}, "time stamp of the buyer"),
        (lambda one: {"attachments": {}}, "attachments"),
        (lambda one: {"attachments": rendered()[1] | {"policy.json": b"{}"}}, "attachments"),
        (lambda one: {"attachments": rendered()[1] | {"more.json": b"{}"}}, "attachments"),
        (lambda one: known(one, roots=[]), "certificate of the buyer"),
        (lambda one: known(one, roots=[Authority().root.der]), "certificate of the buyer"),
        (lambda one: known(one, roots=[b"\x30\x00"]), "certificate of the buyer"),
        (lambda one: known(one, lists=[]), "certificate of the buyer"),
        (lambda one: known(one, lists=[b"\x30\x00"]), "certificate of the buyer"),
        (lambda one: known(one, lists=Authority().lists()), "certificate of the buyer"),
        (lambda one: known(one, lists=one.authority.lists(NOW - timedelta(days=9))), "certificate of the buyer"),
    ],
)  # fmt: skip
def test_what_the_records_say_must_agree(change: Callable[[Paper], dict[str, Any]], rule: str) -> None:
    assert rule in both().failed(both().file, **change(both()))


def with_buyer(one: Paper, **change: Any) -> list[Any]:
    return [one.signed(Role.PROVIDER), one.signed(Role.BUYER, **change)]


def known(one: Paper, **change: Any) -> dict[str, Any]:
    return {"authorities": replace(one.expected().authorities, **change)}


def test_a_certificate_revoked_before_it_signed_is_refused_and_one_revoked_later_is_not() -> None:
    one = paper()
    one.authority.revoke(one.parties[Role.BUYER], NOW - timedelta(minutes=1))
    assert one.failed(one.file) == ["certificate of the buyer"]
    one.authority.revoked.clear()
    one.authority.revoke(one.parties[Role.BUYER], NOW + timedelta(minutes=1))
    later = Authorities([one.authority.root.der], (), one.authority.lists(NOW + timedelta(days=1)))
    assert one.failed(one.file, authorities=later) == []


@pytest.mark.parametrize("shift", [-2, 400])
def test_a_certificate_that_was_not_in_force_is_refused(shift: int) -> None:
    one = both()
    party = one.authority.party("Late", at=NOW - timedelta(days=shift), days=30 if shift > 0 else 365)
    file = completed(one.first, one.authority, Role.BUYER, party, one.stamper).file
    signers = with_buyer(one, certificate=party.der)
    checks = examine(file, one.expected(file, signers=signers))
    [failed] = [check for check in checks if check.outcome is Outcome.FAILED]
    assert failed.name == "certificate of the buyer"
    assert "was not in force" in failed.detail


def test_another_authoritys_certificate_needs_its_root_and_its_lists_or_says_what_is_unknown() -> None:
    one, outside = both(), Authority()
    party = outside.party("Buyer with a certificate of its own")
    file = completed(one.first, outside, Role.BUYER, party, one.stamper).file
    mine = with_buyer(one, certificate=party.der, own=[outside.root.der])
    strange = with_buyer(one, certificate=party.der)
    assert one.failed(file, signers=strange) == ["certificate of the buyer"]
    checks = examine(file, one.expected(file, signers=mine))
    assert names(checks, Outcome.FAILED) == []
    assert names(checks, Outcome.SKIPPED) == ["revocation of the buyer"]
    lists = [*one.authority.lists(), *outside.lists()]
    checks = examine(file, one.expected(file, signers=mine, **known(one, lists=lists)))
    assert {check.outcome for check in checks} == {Outcome.PASSED}


def test_the_lists_of_revoked_certificates_are_in_the_document() -> None:
    assert set(lists_in(both().file)) == set(both().authority.lists())
    assert lists_in(both().first) == lists_in(b"no document") == []


def test_a_half_signed_document_is_examined_as_far_as_it_goes() -> None:
    one = both()
    checks = examine(one.first, one.expected(one.first, signers=[one.signed(Role.PROVIDER)]))
    assert {check.outcome for check in checks} == {Outcome.PASSED}


def test_the_attachments_are_the_files_of_the_terms() -> None:
    assert attached(both().file) == rendered()[1]
    assert canonical.sha256(attached(both().file)["contract.json"])
