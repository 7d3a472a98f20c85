"""Renewals: a new contract with the terms of one in force, whose term begins where that one's ends.

A renewal is signed, paid and delivered as every contract is.  It names the contract that it goes on from and the moment
at which that one's term ends (:class:`contracts.terms.Renewed`), so that the term signed for has a beginning.
"""

import dataclasses
from datetime import date

from contracts.terms import Renewed, Terms


def renewal(
    old: Terms, *, number: str, day: date, rules_version: int, document_digest: str, until: str
) -> Terms:
    """Return the terms of a renewal.

    Args:
        old: the terms in force, or in force until their end.
        number: its own number.
        day: its own date.
        rules_version: the rule book it is made under.
        document_digest: SHA-256 of the old contract's file with every signature.
        until: the end of the old term, an RFC 3339 moment in UTC to the millisecond.

    Raises:
        TermsError: one of these is not in its one form.
    """
    return dataclasses.replace(
        old,
        number=number,
        date=day,
        rules_version=rules_version,
        origin=None,
        standing=None,
        amends=None,
        renews=Renewed(old.number, old.digest(), document_digest, until),
    )
