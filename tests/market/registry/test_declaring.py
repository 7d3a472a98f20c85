"""Declaring what a file should hold: the newest declaration counts, and only its inspection."""

import uuid

import pytest
from sqlalchemy import select

from market import jobs
from market.db import read, transaction
from market.errors import Conflict, Invalid, NotFound
from market.inspection.declared.model import Declared, DeclaredColumn
from market.inspection.sensitive.classes import Sensitive
from market.registry import appealing, declaring, reading, service
from market.registry.models import Asset, Inspection, Origin
from market.registry.screening import Stop, StopCode
from tests import assets, people

MOBILE = Declared((DeclaredColumn("手机号", personal="mobile"),))


def declare(actor: object, asset_id: uuid.UUID, declared: Declared) -> uuid.UUID:
    with transaction() as session:
        return declaring.declare(session, actor, asset_id, declared, Origin.OWN).id  # type: ignore[arg-type]


@pytest.mark.usefixtures("exchange")
def test_until_it_is_measured_again_nothing_is_submitted() -> None:
    provider = assets.provider()
    asset_id = assets.stopped(provider)
    first = declare(provider, asset_id, MOBILE)
    assert declare(provider, asset_id, MOBILE) == first
    with pytest.raises(Conflict) as refused, transaction() as session:
        service.submit(session, provider, asset_id)
    assert refused.value.code == "asset.not_inspected"
    jobs.drain()
    with transaction() as session:
        service.submit(session, provider, asset_id)
    with read() as session:
        revision = reading.revision_of(session, session.get_one(Asset, asset_id))
        of_file = select(Inspection.ordinal).where(Inspection.revision_id == revision.id)
        assert sorted(session.scalars(of_file)) == [0, 1]


@pytest.mark.usefixtures("exchange")
def test_the_newest_declaration_counts() -> None:
    provider = assets.provider()
    asset_id = assets.stopped(provider)
    declare(provider, asset_id, MOBILE)
    declare(provider, asset_id, Declared((DeclaredColumn("手机号"),)))
    jobs.drain()
    with pytest.raises(Conflict) as refused, transaction() as session:
        service.submit(session, provider, asset_id)
    assert refused.value.code == "asset.stopped"


@pytest.mark.usefixtures("exchange")
def test_a_correction_minds_what_is_declared() -> None:
    provider, reviewer = assets.provider(), people.operator()
    asset_id = assets.appealed(provider)
    declare(provider, asset_id, MOBILE)
    jobs.drain()
    for kind in (None, Sensitive.NAME):
        with transaction() as session:
            appealing.correct(session, reviewer, asset_id, column="手机号", kind=kind, reason="looked")
    with read() as session:
        found = reading.detail(session, provider, asset_id).screened
        assert found is not None
        assert [(one.kind, one.declared) for one in found.findings.found] == [
            (Sensitive.NAME, Sensitive.MOBILE)
        ]
        assert found.stops == ()


@pytest.mark.usefixtures("exchange")
def test_who_may_declare_and_what() -> None:
    provider = assets.provider()
    asset_id = assets.stopped(provider)
    with pytest.raises(NotFound):
        declare(assets.provider(), asset_id, MOBILE)
    with pytest.raises(Invalid) as refused:
        declare(provider, asset_id, Declared((DeclaredColumn("手机号", personal="secret"),)))
    assert list(refused.value.fields) == ["columns.0.personal"]


@pytest.mark.parametrize(("declared", "stopped"), [("plate", True), ("email", False), ("resident_id", False)])
@pytest.mark.usefixtures("exchange")
def test_what_is_declared_as_less_sensitive_stays_stopped(declared: str, stopped: bool) -> None:
    provider = assets.provider()
    asset_id = assets.stopped(provider)
    declare(provider, asset_id, Declared((DeclaredColumn("手机号", personal=declared),)))
    jobs.drain()
    with read() as session:
        found = reading.detail(session, provider, asset_id).screened
        assert found is not None
        expected = [Stop(StopCode.PERSONAL, "手机号", "mobile", "plate").document()] if stopped else []
        assert [one.document() for one in found.stops] == expected
