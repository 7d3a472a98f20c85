"""What the pages of parties' keys call things."""

from collections.abc import Mapping
from typing import Any, Final

from market.i18n import lazy
from market.keys.models import Lane, Purpose, Reason

REASONS: Final[Mapping[Reason, Any]] = {
    Reason.LOST: lazy("The key is lost"),
    Reason.COMPROMISED: lazy("Somebody else may have the key"),
    Reason.LEFT: lazy("Whoever had it no longer signs"),
    Reason.REPLACED: lazy("Another key has taken its place"),
}

LANES: Final[Mapping[Lane, Any]] = {
    Lane.ISSUED: lazy("Issued by this exchange"),
    Lane.OWN: lazy("The party's own, from another authority"),
}

PURPOSES: Final[Mapping[Purpose, Any]] = {
    Purpose.CA: lazy("Certification authority"),
    Purpose.STAMPING: lazy("The exchange's clock"),
    Purpose.SEAL: lazy("The exchange's seal"),
}
