"""What the operator's pages call things."""

from collections.abc import Mapping
from typing import Any, Final

from market.governance.erasing import Ground
from market.i18n import lazy

GROUNDS: Final[Mapping[Ground, Any]] = {
    Ground.ASKED: lazy("The person asked for it"),
    Ground.PURPOSE_ENDED: lazy("The purpose of keeping the data has ended"),
    Ground.CONSENT_WITHDRAWN: lazy("The person withdrew consent"),
    Ground.UNLAWFUL: lazy("The data were kept against law or agreement"),
}

TABLES: Final[Mapping[str, Any]] = {
    "user": lazy("Name and address to sign in with"),
    "organisation": lazy("Contact of an organisation"),
    "invitation": lazy("Address of an invitation"),
    "declaration": lazy("Declared contents of a file"),
    "inspection": lazy("Values out of measured data"),
    "cleaning": lazy("Recipe of a cleaned file"),
    "certificate": lazy("Name of a device that signs"),
    "operation": lazy("Address of a pay page"),
    "tax_profile": lazy("Tax data of an organisation"),
    "invoice": lazy("Tax data on an invoice"),
}
"""What a row with personal columns holds, by its table; a test holds this complete."""
