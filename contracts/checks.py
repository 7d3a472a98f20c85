"""What a check came to: one line of a report."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a check came to; SKIPPED says in its detail what was missing."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    outcome: Outcome
    detail: str


def passed(name: str, detail: str) -> Check:
    """Return the line of a check that held."""
    return Check(name, Outcome.PASSED, detail)


def failed(name: str, detail: str) -> Check:
    """Return the line of a check that did not hold."""
    return Check(name, Outcome.FAILED, detail)


def skipped(name: str, detail: str) -> Check:
    """Return the line of a check that could not be made, saying what was missing."""
    return Check(name, Outcome.SKIPPED, detail)
