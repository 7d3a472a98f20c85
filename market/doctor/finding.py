"""What the doctor says about one thing."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what.
        well: whether it is as it should be.
        text: how it is; when it is not well, what to do.
    """

    subject: str
    well: bool
    text: str

    def row(self) -> dict[str, object]:
        """Return it for ``--json``."""
        return asdict(self)
