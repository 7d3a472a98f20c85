"""Accredited bodies for tests, and inspections that they make and sign."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from market.actor import Actor, Role
from market.db import read, transaction
from market.inspection import statement
from market.inspection.declared.model import Declared
from market.inspection.formats import CSV
from market.inspection.grading import grade
from market.inspection.report import canonical
from market.keys.models import Certificate
from market.participants import accrediting, members
from market.participants.models import Organisation
from market.registry.attestations import service
from market.registry.models import Attestation
from market.steps import Step
from tests import assets, people, signers

Report = dict[str, Any]


@dataclass
class Body:
    """An accredited organisation with one assessor and a key of its own.

    Attributes:
        actor: the assessor.
        key: the private half.
        certificate: what the exchange issued for it.
        credit_code: the organisation's.
        chief: its administrator.
    """

    actor: Actor
    key: ec.EllipticCurvePrivateKey
    certificate: Certificate
    credit_code: str
    chief: Actor

    def sign(self, data: bytes) -> bytes:
        """Sign with SHA-256; DER."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def signature(self, text: str) -> bytes:
        """Return the detached signature over a statement."""
        return statement.sign(text, self.certificate.der(), self.certificate.chain_der(), self.sign)

    def file(self, report: Report, **said: Any) -> bytes:
        """Return the file of a signed inspection; ``said`` stands in the statement instead of what should."""
        text = canonical(report)
        honest = json.loads(statement.write(text, {"polars": "1"}, self.credit_code))
        words = canonical(honest | said)
        return statement.pack(words, text, self.signature(words))


def accredit(actor: Actor, *, give: bool = True, reason: str = "papers checked") -> Step:
    """Let the operator accredit an organisation, or withdraw it."""
    chief = people.operator()
    assert actor.organisation_id is not None
    with transaction() as session:
        return accrediting.accredit(session, chief, actor.organisation_id, give=give, reason=reason)[1]


def body(actor: Actor | None = None) -> Body:
    """Return an accredited body, of the actor's organisation or a fresh one."""
    chief = actor or people.verified(Role.BUYER)
    accredit(chief)
    assessor = people.colleague(chief, Role.ASSESSOR)
    key = signers.key()
    with read() as session:
        organisation = session.get_one(Organisation, chief.organisation_id)
        code = organisation.credit_code
    return Body(assessor, key, signers.certified(assessor, key), code, chief)


def measured(content: bytes = assets.CONTENT, declared: Declared | None = None) -> Report:
    """Return the report of a file as anybody measures it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.csv"
        path.write_bytes(content)
        report: Report = json.loads(assets.measure_once(path, CSV, declared=declared).report)
        return report


def odd(report: Report) -> Report:
    """Return a report with another figure for filled cells, and the grade that follows from it."""
    quality = [
        one | {"numerator": one["numerator"] - 1} if (one["code"], one["column"]) == ("0201", None) else one
        for one in report["quality"]
    ]
    return report | {"quality": quality, "grade": grade(quality)}


def attach(body: Body, number: str, content: bytes) -> tuple[Attestation, Step]:
    """Attach the file of a signed inspection."""
    attested = service.opened(content)
    with transaction() as session:
        return service.attest(session, body.actor, number, attested)


def demote(body: Body) -> None:
    """Let an assessor become somebody who signs nothing."""
    assert body.actor.user_id is not None
    with transaction() as session:
        members.change(session, body.chief, body.actor.user_id, frozenset({Role.APPROVER}))


Change = Callable[[Report], Report]
