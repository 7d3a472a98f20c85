"""The end of a trade: notices on grounds and with the days that were signed, and what is deleted after it."""

from datetime import datetime, timedelta
from typing import Final

from market.permissions import Relation
from market.trades import grounds
from market.verify.evidence import Evidence, Image
from market.verify.line import Line
from market.verify.report import require

_CLOCKS: Final = timedelta(minutes=5)
"""How far the clocks of an exchange may differ."""


def check(evidence: Evidence, line: Line) -> str:
    """Check notices and the duty to delete against the signed terms; return what holds.

    Args:
        evidence: a bundle whose log half holds.
        line: the contracts of the trade; what applies is what was in force when a notice was given or the end came.

    Raises:
        CheckFailed: a notice or a duty is not what was signed.
    """
    for image in evidence.own("notice"):
        _check_notice(evidence, line, image)
    for image in evidence.own("duty"):
        _check_duty(evidence, line, image)
    states = {image.row["id"]: image.row["state"] for image in evidence.own("notice")}
    owed = evidence.own("duty")
    notices = [f"notice {state}" for state in states.values()]
    duty = [f"deletion {owed[-1].row['state']}"] if owed else []
    return ", ".join([*notices, *duty]) or "no notice was given and no deletion is owed"


def _check_notice(evidence: Evidence, line: Line, image: Image) -> None:
    row = image.row
    given, effective = (datetime.fromisoformat(row[name]) for name in ("given_at", "effective_at"))
    first = next(one for one in evidence.own("notice") if one.row["id"] == row["id"])
    terms = line.at(first.index).terms
    days = {ground.value: days for ground, days in grounds.ends(terms, Relation(row["side"])).items()}
    require(row["ground"] in days, f"the terms give the {row['side']} no end on the ground {row['ground']}")
    require(
        effective == given + timedelta(days=days[row["ground"]]),
        "a notice runs for other days than were signed",
    )
    require(given == first.entry.time, "a notice names another time than its entry")
    if row["state"] == "EFFECTIVE":
        require(image.entry.time >= effective - _CLOCKS, "the agreement was ended before the notice ran out")


def _check_duty(evidence: Evidence, line: Line, image: Image) -> None:
    row = image.row
    first = next(one for one in evidence.own("duty") if one.row["id"] == row["id"])
    owed = grounds.deletion(line.at(first.index).terms)
    require(owed is not None, "a deletion is owed that was not agreed")
    days, certified = owed or (0, False)
    due = datetime.fromisoformat(row["due_at"])
    require(
        due == first.entry.time + timedelta(days=days), "a deletion is due on another day than was signed"
    )
    require(row["certified"] is certified, "the deletion is certified otherwise than was signed")
    ended = {one.index for one in evidence.own("agreement") if one.row["state"] in {"EXPIRED", "TERMINATED"}}
    require(first.index in ended, "a deletion is owed though the agreement did not end")
    if row["state"] == "PERFORMED":
        told = row["deleted_on"] and (not certified or (row["copies"] and row["method"]))
        require(told, "a deletion was stated without what the terms ask for")
    if row["state"] == "MISSED":
        require(image.entry.time >= due - _CLOCKS, "a deletion was called late before its day")
