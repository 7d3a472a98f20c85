"""Refusing data that are registered already, or mostly (rule R2.5)."""

import uuid
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from market.errors import Conflict
from market.i18n import _
from market.registry import likeness
from market.registry.likeness import Alike
from market.registry.models import Asset, Inspection, Revision
from market.registry.reading import earlier
from market.registry.states import APPROVED


def refuse_file(
    session: Session, file_digest: str, provider_id: uuid.UUID, asset_id: uuid.UUID | None = None
) -> None:
    """Refuse a file that is registered already, before anything in it is measured.

    Args:
        session: a session.
        file_digest: SHA-256 of its bytes.
        provider_id: who brings it; an earlier asset that may not be named to them is left to the reviewer.
        asset_id: the asset that it is for; None for a new one.

    Raises:
        Conflict: ``asset.duplicate``.
    """
    _refuse_named(earlier(session, asset_id, file_digest, None), provider_id)


def refuse_submission(
    session: Session, asset: Asset, revision: Revision, content_digest: str
) -> Asset | None:
    """Refuse to hand in data that are registered already, or mostly, if the provider may learn by whom.

    Args:
        session: the session of the transaction; another decision about the same data waits until it ends.
        asset: what is handed in.
        revision: its file.
        content_digest: of that file's table.

    Returns:
        The earlier asset with the same data that may not be named; for the reviewer.

    Raises:
        Conflict: ``asset.duplicate``, with the measured containment where it is not the whole.
    """
    _one_at_a_time(session, content_digest)
    claims = earlier(session, asset.id, revision.digest, content_digest)
    _refuse_named(claims, asset.provider_id)
    _refuse_alike(likeness.alike(session, asset, revision), asset.provider_id)
    return claims[0] if claims else None


def refuse_approval(
    session: Session, asset: Asset, revision: Revision, inspection: Inspection | None
) -> None:
    """Refuse to approve data, or mostly the same, that another registration was approved for while this one waited.

    At submission neither was public, or both came at once, so both were let through to the reviewer, who may know of
    the other. Approvals wait for each other, since nothing else tells beforehand which data are alike.

    Raises:
        Conflict: ``asset.duplicate``, with the measured containment where it is not the whole.
    """
    _one_at_a_time(session, "approval")
    content = inspection.content_digest if inspection else None
    if content is not None:
        _one_at_a_time(session, content)
    for claim in earlier(session, asset.id, revision.digest, content):
        if claim.state in APPROVED:
            raise _duplicate(claim)
    for one in likeness.same(likeness.alike(session, asset, revision, APPROVED)):
        raise _alike(one)


def _refuse_named(claims: list[Asset], provider_id: uuid.UUID) -> None:
    """Refuse data that are registered already, naming the earlier asset only to whom it may be named."""
    for asset in claims:
        if likeness.may_name(asset, provider_id):
            raise _duplicate(asset)


def _refuse_alike(found: Sequence[Alike], provider_id: uuid.UUID) -> None:
    """Refuse data that are mostly registered already; what may not be named is left to the reviewer."""
    for one in likeness.same(found):
        if likeness.may_name(one.asset, provider_id):
            raise _alike(one)


def _duplicate(earlier_one: Asset) -> Conflict:
    return Conflict(
        "asset.duplicate",
        _("The same data are registered already: %(name)s.", name=earlier_one.number or earlier_one.title),
        rule="R2.5",
        earlier=earlier_one.number or str(earlier_one.id),
    )


def _alike(one: Alike) -> Conflict:
    return Conflict(
        "asset.duplicate",
        _(
            "Mostly the same data are registered already: %(contained)s%% of these data stand in %(name)s, and"
            " %(contains)s%% of its data stand in these.",
            name=one.asset.number or one.asset.title,
            contained=one.contained,
            contains=one.contains,
        ),
        rule="R2.5",
        earlier=one.asset.number or str(one.asset.id),
        contained=one.contained,
        contains=one.contains,
    )


def _one_at_a_time(session: Session, subject: str) -> None:
    """Let two transactions about one thing wait for each other; SQLite has one writer anyway.

    Args:
        session: the session of the transaction.
        subject: a content digest, or what else it is about.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 2))"), {"subject": subject}
        )
