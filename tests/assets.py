"""Assets and listings for tests, made by the product's own services."""

import hashlib
import json
import secrets
import uuid
from dataclasses import replace
from pathlib import Path

from contracts.facts import Promise
from contracts.money import Money
from contracts.vocabulary import Indicator, Operator
from market import jobs, storage
from market.actor import Actor, Role
from market.catalog import service as catalog
from market.catalog.models import Benefit
from market.catalog.sectors import Sector
from market.catalog.terms import Proposal, use_of
from market.db import read, transaction
from market.inspection.cleaning.parsing import parse
from market.inspection.declared.model import Declared, DeclaredColumn
from market.inspection.formats import CSV
from market.inspection.refusal import Refusal
from market.inspection.service import Measured, inspect_file
from market.registry import appealing, cleaning, declaring, reading, service, updating
from market.registry.models import Asset, Origin, Right, Update
from market.registry.service import Upload
from tests import people

CONTENT = "城市,气温,备注\n济南,12.5,晴\n青岛,,\n青岛,,\n烟台,9,阴\n".encode()
"""Four rows of three columns; one row is repeated, four cells are empty."""


def uploaded(content: bytes = CONTENT, filename: str = "weather.csv", media_type: str = CSV) -> Upload:
    """Return a stored file."""
    return Upload(storage.current().put(content), filename, media_type)


def drafted(provider: Actor, content: bytes = CONTENT, **changes: str) -> Asset:
    """Return a drafted asset whose file waits to be measured."""
    upload = uploaded(content, **changes)
    with transaction() as session:
        return service.draft(
            session,
            provider,
            title="山东天气",
            source="Read off our own instruments.",
            rights=[Right.HOLD, Right.OPERATE],
            upload=upload,
        )


def stopped(provider: Actor) -> uuid.UUID:
    """Return a measured draft that holds undeclared mobile numbers."""
    numbers = [f"13{secrets.randbelow(10**9):09}" for _row in range(40)]
    asset_id = drafted(provider, "\n".join(["手机号", *numbers, ""]).encode()).id
    jobs.drain()
    return asset_id


def declared(provider: Actor, asset_id: uuid.UUID) -> None:
    """Declare the mobile numbers of a stopped draft; its file is measured again."""
    said = Declared((DeclaredColumn("手机号", personal="mobile"),))
    with transaction() as session:
        declaring.declare(session, provider, asset_id, said, Origin.OWN)
    jobs.drain()


def appealed(provider: Actor) -> uuid.UUID:
    """Return such a draft that the operator was asked about."""
    asset_id = stopped(provider)
    with transaction() as session:
        appealing.appeal(session, provider, asset_id, "our own numbers")
    return asset_id


def cleaned(provider: Actor, content: bytes) -> uuid.UUID:
    """Return a draft whose file was made of an uploaded one, without the rows that stood there twice."""
    asset_id = drafted(provider, content).id
    jobs.drain()
    recipe = {"version": 1, "output": CSV, "operations": [{"operation": "drop_duplicates"}]}
    with transaction() as session:
        cleaning.ask(session, provider, asset_id, parse(json.dumps(recipe)))
    jobs.drain()
    return asset_id


def corrected(asset_id: uuid.UUID) -> None:
    """Say of an appealed asset's only column that it holds nothing sensitive."""
    reviewer = people.operator()
    with transaction() as session:
        appealing.correct(session, reviewer, asset_id, column="手机号", kind=None, reason="part numbers")


def submitted(provider: Actor, content: bytes = CONTENT) -> uuid.UUID:
    """Return an asset that waits for its review."""
    asset_id = drafted(provider, content).id
    jobs.drain()
    with transaction() as session:
        service.submit(session, provider, asset_id)
    return asset_id


def registered(provider: Actor, content: bytes = CONTENT) -> Asset:
    """Return a registered asset."""
    asset_id = submitted(provider, content)
    reviewer = people.operator()
    with transaction() as session:
        service.review(session, reviewer, asset_id, approve=True, reason="source is plausible")
    jobs.drain()
    return found(asset_id)


NEWER = "城市,气温,备注\n济南,12.5,晴\n青岛,8,\n烟台,9,阴\n威海,7,晴\n".encode()
"""After :data:`CONTENT`: two rows stay, two of the three others are gone, two are new."""


def revised(provider: Actor, asset_id: uuid.UUID, content: bytes = NEWER) -> Update:
    """Return the draft of an update whose file is measured."""
    upload = uploaded(content)
    with transaction() as session:
        update = updating.revise(session, provider, asset_id, changes="August was added", upload=upload)
    jobs.drain()
    return update


def revision_submitted(provider: Actor, asset_id: uuid.UUID, content: bytes = NEWER) -> None:
    """Bring an update before the reviewers."""
    revised(provider, asset_id, content)
    with transaction() as session:
        updating.submit(session, provider, asset_id)


def updated(provider: Actor, asset_id: uuid.UUID, content: bytes = NEWER) -> None:
    """Bring an update of an asset to its approval."""
    revision_submitted(provider, asset_id, content)
    reviewer = people.operator()
    with transaction() as session:
        updating.review(session, reviewer, asset_id, approve=True, reason="plausible")
    jobs.drain()


def found(asset_id: uuid.UUID) -> Asset:
    """Return an asset as it stands now."""
    with read() as session:
        return session.get_one(Asset, asset_id)


def proposal(**changes: object) -> Proposal:
    """Return what a provider says in a listing of :data:`CONTENT`."""
    made = Proposal(
        title="山东天气 2026",
        summary="Daily weather of Shandong cities, cleaned and dated.",
        sector=Sector.METEOROLOGY,
        benefit=Benefit.COMMERCIAL,
        price=Money(128_000),
        model="data-provision/1.0",
        quality=(Promise(Indicator.ROWS, Operator.AT_LEAST, "4"),),
        use=use_of(["internal-analysis"], ["derive"], ["sell"]),
        term_days=365,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def promise(indicator: str, value: str, operator: str = "gteq", field: str | None = None) -> Promise:
    """Return a promise by its words."""
    return Promise(Indicator(indicator), Operator(operator), value, field)


def listed(provider: Actor, asset: Asset | None = None, **changes: object) -> str:
    """Return the number of a published listing."""
    asset = asset or registered(provider)
    with transaction() as session:
        number = catalog.draft(session, provider, asset_id=asset.id, proposal=proposal(**changes)).number
    with transaction() as session:
        catalog.publish(session, provider, number)
    return number


def provider() -> Actor:
    """Return the first person of a verified provider."""
    return people.verified(Role.PROVIDER)


def detail(actor: Actor, asset_id: uuid.UUID) -> reading.Detail:
    """Return what an actor sees of an asset."""
    with read() as session:
        return reading.detail(session, actor, asset_id)


_measured: dict[tuple[str, str, str], Measured | Refusal] = {}


def measure_once(
    path: Path, media_type: str, progress: object = None, declared: Declared | None = None
) -> Measured:
    """Measure a file in a real child process, the same bytes and declaration only once in a test run."""
    said = declared.digest if declared else ""
    key = (hashlib.sha256(path.read_bytes()).hexdigest(), media_type, said)
    if key not in _measured:
        try:
            _measured[key] = inspect_file(path, media_type, declared=declared)
        except Refusal as refusal:
            _measured[key] = refusal
    outcome = _measured[key]
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome
