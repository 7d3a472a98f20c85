"""The versions of one negotiation: what may follow what, the chain of digests, suggestions on one clause.

A version is the whole of the terms as one side offers them.  Versions of one negotiation differ in the values of the
blanks alone: parties, data, model text, number and date are facts of the exchange.  Each version names the digest of
the one it answers, so that no version can be slipped in, altered or left out behind the parties' backs.

A *suggestion* is an offer limited to one clause.  The side whose turn it is makes it instead of a whole version; the
other side takes it up as it stands, and the version that follows is the suggester's.  What it leads to is fixed by its
digest when it is made, so nobody is held to anything but what they named.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from contracts import amending, blanks, canonical
from contracts.conditions import parse as condition
from contracts.errors import TermsError, VersionError
from contracts.library import Clause, Model
from contracts.terms import AnyTerms, Terms
from contracts.vocabulary import Role
from contracts.wording import blanks_of

COMMENT: Final = 2000
"""Most characters that one side writes beside a version or on a clause."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the digest of a version is taken of.

    Attributes:
        number: the contract's.
        seq: 1 for the request, then one more each time.
        role: whose offer it is.
        terms_digest: SHA-256 of the terms.
        document_digest: SHA-256 of the document made from them.
        parent_digest: digest of the version before, None for the first.
        comment: what its maker says to it.
        at: when it was made.
    """

    number: str
    seq: int
    role: Role
    terms_digest: str
    document_digest: str
    parent_digest: str | None
    comment: str
    at: datetime

    def digest(self) -> str:
        """Return SHA-256 of the canonical JSON of all this."""
        body = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        moment = self.at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        return canonical.sha256(canonical.encode(body | {"role": self.role.value, "at": f"{moment}Z"}))


def require_chain(links: Sequence[Link]) -> None:
    """Return when these are all versions of one negotiation, each naming the one before.

    Raises:
        VersionError: one is missing, out of its place or not the one its successor names.
    """
    if not links or links[0].parent_digest is not None:
        raise VersionError("the first version is missing", "contract.broken_chain")
    if [link.seq for link in links] != list(range(1, len(links) + 1)):
        raise VersionError("a version is missing or out of its place", "contract.broken_chain")
    for before, after in pairwise(links):
        if after.parent_digest != before.digest() or after.number != before.number:
            raise VersionError(
                f"version {after.seq} does not name the one before it", "contract.broken_chain"
            )


def negotiable(terms: AnyTerms) -> Terms:
    """Return terms whose blanks can be negotiated.

    Raises:
        VersionError: contracts of 0.1 are taken or left as they are (``contract.fixed_form``).
    """
    if not isinstance(terms, Terms):
        raise VersionError(f"contracts from {terms.model} are taken or left", "contract.fixed_form")
    return terms


def require_successor(old: AnyTerms, new: AnyTerms) -> None:
    """Return when ``new`` may answer ``old``: the same contract, with other values.

    Raises:
        VersionError: nothing is changed (``contract.unchanged``), or the text is not negotiated.
        TermsError: something else than the values differs.
    """
    before, after = negotiable(old), negotiable(new)
    for field in dataclasses.fields(Terms):
        if field.name != "values" and _fact(before, field.name) != _fact(after, field.name):
            raise TermsError(field.name, "is a fact of the exchange and not negotiated")
    if before.canonical() == after.canonical():
        raise VersionError("nothing is changed: accept the present version instead", "contract.unchanged")


def with_values(model: Model, terms: Terms, values: Mapping[str, Any]) -> Terms:
    """Return the same contract with other values; blanks that fall away under them are left out.

    Raises:
        TermsError: it is an amendment, and a value is one that the text does not allow.
        VersionError: it is an amendment that would change nothing any more.
    """
    return amending.refilled(model, terms, fitting(model, values))


def fitting(model: Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values without those of blanks that fall away under the others."""
    kept = dict(values)
    while True:
        known = {blank.name for blank in blanks.asked(model, kept)}
        left = {name: value for name, value in kept.items() if name in known or not _falls_away(model, name)}
        if left == kept:
            return kept
        kept = left


def _fact(terms: Terms, name: str) -> Any:
    """Return what is not negotiated; of an amendment the contract amended, since what it changes is."""
    return terms.amends.parent if name == "amends" and terms.amends else getattr(terms, name)


def apply(model: Model, terms: Terms, clause: str, changes: Mapping[str, Any]) -> Terms:
    """Return the terms with a suggestion on one clause taken up.

    Args:
        model: the text of the terms.
        terms: what the suggestion was made on.
        clause: id of the article or schedule.
        changes: blank -> value; None takes out what is filled in.

    Raises:
        TermsError: a blank does not stand in this clause.
        VersionError: nothing is changed.
    """
    own = blanks_in(model, clause_of(model, clause))
    for name in changes:
        if name not in own:
            raise TermsError(name, "does not stand in this clause", "不在本条款中")
    values = {**terms.values, **changes}
    made = with_values(model, terms, {name: value for name, value in values.items() if value is not None})
    require_successor(terms, made)
    return made


def clause_of(model: Model, clause: str) -> Clause:
    """Return the article or schedule with this id.

    Raises:
        VersionError: the text has none (``contract.no_clause``).
    """
    for one in (*model.clauses, *model.schedules):
        if one.id == clause:
            return one
    raise VersionError(f"the text has no clause {clause}", "contract.no_clause")


def blanks_in(model: Model, clause: Clause) -> frozenset[str]:
    """Return the blanks and facts that a clause prints or depends on, and those that decide about them."""
    own = set(_names(clause))
    for name in own & model.blanks.keys():
        own |= {test.blank for test in condition(model.blanks[name].when).tests}
    return frozenset(own)


def _names(clause: Clause) -> Iterable[str]:
    for part in clause.parts:
        yield from part.facts
        yield from (test.blank for test in condition(part.when).tests)
        if part.table:
            yield part.table
        if part.text is not None:
            yield from (name for name in blanks_of(part.text.zh) if name[0] not in "@#")


def _falls_away(model: Model, name: str) -> bool:
    return name in model.blanks and bool(model.blanks[name].when)
