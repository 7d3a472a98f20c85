"""What was checked, line by line."""

from collections.abc import Iterable
from enum import StrEnum
from types import TracebackType

import contracts.checks
from contracts.checks import Check
from contracts.errors import ContractError
from ledger.errors import LedgerError
from market.bundle import BundleError


class CheckFailed(Exception):
    """What the evidence says is not so."""


FAULTS = (
    CheckFailed, BundleError, LedgerError, ContractError,
    AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""Whatever hostile evidence can make a check raise; each is a failed check, never a crash."""


class Outcome(StrEnum):
    """What a check came to."""

    OK = "ok"
    FAIL = "FAIL"
    NOTE = "note"


class Report:
    """The lines of a verification.

    Attributes:
        caution: a line before all others, or None.
        lines: (outcome, name of the check, detail).
    """

    def __init__(self, caution: str | None = None) -> None:
        self.caution = caution
        self.lines: list[tuple[Outcome, str, str]] = []

    @property
    def consistent(self) -> bool:
        """Whether no check failed."""
        return all(outcome is not Outcome.FAIL for outcome, _name, _detail in self.lines)

    def ok(self, name: str, detail: str) -> None:
        """Note a check that held."""
        self.lines.append((Outcome.OK, name, detail))

    def fail(self, name: str, detail: str) -> None:
        """Note a check that did not hold."""
        self.lines.append((Outcome.FAIL, name, detail))

    def note(self, name: str, detail: str) -> None:
        """Note what could not be checked here."""
        self.lines.append((Outcome.NOTE, name, detail))

    def checking(self, name: str) -> "_Checking":
        """Turn whatever the evidence makes a check raise into a failed line."""
        return _Checking(self, name)

    def text(self) -> str:
        """Return the report, one line a check and a last line that sums it up."""
        lines = [f"{outcome:4} {name}: {detail}" for outcome, name, detail in self.lines]
        failed = sum(outcome is Outcome.FAIL for outcome, _name, _detail in self.lines)
        last = (
            f"{failed} of {len(self.lines)} checks FAILED"
            if failed
            else f"CONSISTENT: {len(self.lines)} checks"
        )
        return "\n".join([*([self.caution] if self.caution else []), *lines, last]) + "\n"


class _Checking:
    """A block whose faults become a line of the report."""

    def __init__(self, report: Report, name: str) -> None:
        self._report = report
        self._name = name

    def __enter__(self) -> None:
        """Begin the check."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Note a fault as a failed check; anything else is our own mistake and goes on."""
        if not isinstance(error, FAULTS):
            return False
        told = str(error) if isinstance(error, FAULTS[:4]) else f"malformed evidence: {error!r}"
        self._report.fail(self._name, told)
        return True


def tell(report: Report, lines: Iterable[Check], prefix: str = "") -> None:
    """Take over what the contracts room says of a document; ``prefix`` stands before the names of its checks."""
    for line in lines:
        {
            contracts.checks.Outcome.PASSED: report.ok,
            contracts.checks.Outcome.FAILED: report.fail,
            contracts.checks.Outcome.SKIPPED: report.note,
        }[line.outcome](prefix + line.name, line.detail)


def require(held: object, why: str) -> None:
    """Raise `CheckFailed` unless `held`."""
    if not held:
        raise CheckFailed(why)
