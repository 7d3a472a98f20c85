"""Standing offers (要约) and their acceptances (承诺): what may differ between the two, and it is little.

A provider signs an offer to anybody once, with its last day and the acceptances it is good for.  Each acceptance is a
contract of its own, with the signed offer attached, that the buyer signs.  Buyer, number and date are filled in, the
origin names the offer, and what limits the offer falls away; everything else is the offer's, so that nobody is bound
by another text than the one that was offered.
"""

import dataclasses
from datetime import date
from typing import Final

from contracts.errors import StandingError
from contracts.facts import Party
from contracts.pades import BOTH
from contracts.terms import AnyTerms, Origin, Terms
from contracts.vocabulary import Role

OFFERED: Final = (Role.PROVIDER,)
"""Who signs a standing offer."""
ACCEPTED: Final = (Role.BUYER,)
"""Who signs an acceptance: the provider's signature stands in the offer that is attached."""
_OWN: Final = frozenset({"buyer", "number", "date", "origin", "standing"})
"""What an acceptance has for itself."""


def signers(terms: AnyTerms) -> tuple[Role, ...]:
    """Return who signs the document of these terms, first to last."""
    if isinstance(terms, Terms) and terms.buyer is None:
        return OFFERED
    return ACCEPTED if isinstance(terms, Terms) and terms.origin is not None else BOTH


def accepted(offer: Terms, file_digest: str, *, number: str, day: date, buyer: Party) -> Terms:
    """Return the terms of an acceptance.

    Args:
        offer: the terms of a standing offer.
        file_digest: SHA-256 of the signed offer.
        number: of the new contract.
        day: its date.
        buyer: who accepts.

    Raises:
        StandingError: the day is outside of the offer's, or these are no terms of an offer.
        TermsError: the buyer is the provider.
    """
    origin = Origin(offer.number, offer.digest(), file_digest)
    made = dataclasses.replace(offer, number=number, date=day, buyer=buyer, origin=origin, standing=None)
    require_accepted(offer, file_digest, made)
    return made


def require_accepted(offer: AnyTerms, file_digest: str, made: AnyTerms) -> None:
    """Return when a contract accepts this very offer, and changes nothing of it.

    Raises:
        StandingError: it names another offer, another signed file, a day outside of the offer's, or another term
            differs.
    """
    if not isinstance(offer, Terms) or offer.standing is None or not isinstance(made, Terms):
        raise StandingError("these are not the terms of a standing offer and of an acceptance")
    if made.origin != Origin(offer.number, offer.digest(), file_digest):
        raise StandingError("the contract does not name this offer and its signed file")
    if made.number == offer.number or not offer.date <= made.date <= offer.standing.until:
        raise StandingError("the contract is dated on a day on which the offer was not open")
    for field in dataclasses.fields(Terms):
        if field.name not in _OWN and getattr(made, field.name) != getattr(offer, field.name):
            raise StandingError(f"the contract has other {field.name} than were offered")
