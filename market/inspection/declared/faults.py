"""What is wrong with a declaration, field by field."""

from dataclasses import dataclass, field

Facts = dict[str, str | int]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        path: the field, for example ``columns.2.pattern``; empty for the whole document.
        code: stable identifier, one of :data:`market.inspection.declared.wording.MESSAGES`.
        facts: what a person needs to find the fault.
    """

    path: str
    code: str
    facts: Facts = field(default_factory=dict)


class Invalid(Exception):
    """A declaration cannot be taken.

    Args:
        faults: all that was found wrong, at least one.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.code}" for fault in faults))
        self.faults = faults
