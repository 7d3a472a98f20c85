"""Who gets to see what an entry's commitments open to: one table, field by viewer.

A field is named after the table of the row it commits to (``trade``, ``posting.2``) or, for personal columns, after
table and column (``inspection.preview``). What is not in the table is for auditors alone.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from market.actor import Actor
from market.permissions import Relation, require
from market.steps import Opening

STEP: Final = "step"
"""The field that says who acted; a party sees its own people and the exchange's jobs, not the other side's."""

INSIDE: Final = "approval"
"""Rows of what a party decides among its own people, which name its organisation: the other side sees none."""


BETWEEN: Final = "invoice"
"""Rows between one seller and one payer: the buyer sees none of what the operator and the provider settle."""


class Viewer(StrEnum):
    """For whom openings are shown."""

    PROVIDER = "provider"
    BUYER = "buyer"
    AUDITOR = "auditor"


_PARTIES: Final = frozenset(Viewer)
_PROVIDER: Final = frozenset({Viewer.PROVIDER, Viewer.AUDITOR})
_BUYER: Final = frozenset({Viewer.BUYER, Viewer.AUDITOR})

SHOWN: Final[Mapping[str, frozenset[Viewer]]] = {
    "request": _PARTIES,
    "contract": _PARTIES,
    "version": _PARTIES,
    "remark": _PARTIES,
    "signature": _PARTIES,
    "standing_offer": _PARTIES,
    "key": _PARTIES,
    "certificate": _PARTIES,
    "trade": _PARTIES,
    "agreement": _PARTIES,
    "settlement": _PARTIES,
    "acceptance": _PARTIES,
    "dispute": _PARTIES,
    "notice": _PARTIES,
    "duty": _PARTIES,
    "redress": _PARTIES,
    "operation": _PARTIES,
    "chargeback": _PARTIES,
    "operation.url": _BUYER,  # whoever has it may pay, and reads who pays
    "posting": _PARTIES,
    "access_grant": _PARTIES,
    "receipt": _PARTIES,
    "waiver": _PARTIES,
    "revision": _PARTIES,
    "asset_update": _PROVIDER,  # a reviewer's reason, which buyers need not read
    "inspection": _PARTIES,
    "attestation": _PARTIES,
    "inspection.preview": _PROVIDER,  # values out of the data
    "declaration": frozenset({Viewer.AUDITOR}),
    "declaration.document": _PROVIDER,  # may hold values out of the data
    "cleaning": _PARTIES,
    "cleaning.recipe": _PARTIES,
    "correction": frozenset({Viewer.AUDITOR}),
    "appeal": frozenset({Viewer.AUDITOR}),
    "asset": frozenset({Viewer.AUDITOR}),  # names a duplicate, which is the reviewer's to know
}

_FIELD = re.compile(r"([a-z_]+)(?:\.[0-9]+)?(?:\.([a-z_]+))?")


def viewer_of(actor: Actor, relation: Relation) -> Viewer:
    """Return as whom the actor looks at a trade.

    Raises:
        Forbidden: neither a party to it nor an auditor.
    """
    require(actor, "bundle.export", relation)
    return {Relation.PROVIDER: Viewer.PROVIDER, Relation.BUYER: Viewer.BUYER}.get(relation, Viewer.AUDITOR)


def shows(viewer: Viewer, actor: Actor, opening: Opening) -> bool:
    """Tell whether the viewer, in whose name the actor looks, gets to see an opening."""
    if viewer is Viewer.AUDITOR:
        return True
    if opening.field == STEP:
        value: Any = opening.value
        return value["actor"]["organisation"] in (None, str(actor.organisation_id))
    if _kind_of(opening.field) == INSIDE:
        image: Any = opening.value
        return bool(image["organisation_id"] == str(actor.organisation_id))
    if _kind_of(opening.field) == BETWEEN:
        row: Any = opening.value
        return str(actor.organisation_id) in (row["seller_id"], row["payer_id"])
    return viewer in SHOWN.get(_kind_of(opening.field), frozenset())


def _kind_of(field: str) -> str:
    match = _FIELD.fullmatch(field)
    if match is None:
        return field
    table, column = match.groups()
    return f"{table}.{column}" if column else str(table)
