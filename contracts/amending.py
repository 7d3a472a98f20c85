"""Amendments: a new contract that names the one it changes, says exactly what it changes, and restates all terms.

The newest amendment in force is therefore the consolidated text, and each of them alone tells what the contract before
it said: ``Amended.before`` holds the old value of every blank that is filled otherwise.  Parties, data, model text,
price and payment stay those of the contract amended (:func:`contracts.document.compose` refuses anything else).  Days
of the term go on being counted from when the first contract of the line came into force.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts import blanks
from contracts.document import SETTLED, changed_clauses
from contracts.errors import TermsError, VersionError
from contracts.library import Model
from contracts.terms import Amended, Terms

_OWN = frozenset({"number", "date", "values", "amends", "origin"})
"""What an amendment has of its own; everything else is its parent's."""


def amendment(
    model: Model, parent: Terms, values: Mapping[str, Any], *, number: str, day: date, document_digest: str
) -> Terms:
    """Return the terms of an amendment.

    Args:
        model: the text of both.
        parent: the terms in force.
        values: what all blanks hold after it.
        number: its own number.
        day: its own date.
        document_digest: SHA-256 of the parent's file with both signatures.

    Raises:
        TermsError: a value is one that the text does not allow.
        VersionError: nothing is changed (``contract.unchanged``).
    """
    amends = Amended(parent.number, parent.digest(), document_digest, (), {})
    blank = dataclasses.replace(parent, number=number, date=day, origin=None, amends=amends)
    return refilled(model, blank, values)


def refilled(model: Model, terms: Terms, values: Mapping[str, Any]) -> Terms:
    """Return terms with other values; of an amendment with what it then changes.

    Raises:
        TermsError, VersionError: as in :func:`amendment`, for an amendment alone.
    """
    made = dataclasses.replace(terms, values=values)
    if terms.amends is None:
        return made
    blanks.require(model, values)
    old = terms.before
    names = [name for name in {**old, **values} if old.get(name) != values.get(name)]
    if not names:
        raise VersionError("the amendment changes nothing", "contract.unchanged")
    amends = dataclasses.replace(terms.amends, before={name: old.get(name) for name in sorted(names)})
    made = dataclasses.replace(made, amends=amends)
    clauses = changed_clauses(model, made)
    return dataclasses.replace(made, amends=dataclasses.replace(amends, clauses=clauses))


def require_parent(parent: Terms, terms: Terms, document_digest: str) -> None:
    """Return when terms amend exactly this contract and change nothing but values.

    That they say truly what they change, :func:`contracts.document.compose` has checked against their own ``before``.

    Args:
        parent: the terms that are said to be amended.
        terms: the amendment.
        document_digest: SHA-256 of the parent's file with both signatures.

    Raises:
        TermsError: another contract is named, or something differs that an amendment cannot change.
    """
    named = (parent.number, parent.digest(), document_digest)
    if terms.amends is None or terms.amends.parent != named:
        raise TermsError("amends", "names another contract than the one in force before")
    for field in dataclasses.fields(Terms):
        if field.name not in _OWN and getattr(parent, field.name) != getattr(terms, field.name):
            raise TermsError(field.name, "is not changed by an amendment")
    settled = [name for name in terms.amends.before if name.startswith(SETTLED)]
    if settled:
        raise TermsError(settled[0], "is not changed by an amendment")
    if terms.before != dict(parent.values):
        raise TermsError("amends.before", "is not what the contract amended says")
