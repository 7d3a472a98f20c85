"""A contract that renews another: what a bundle can say of that, which holds the new contract's evidence alone.

When the old term ends, both parties signed; :mod:`market.verify.amendments` holds the term against it. That the
contract renewed is what the terms say, the bundle of its own trade proves.
"""

from contracts.terms import AnyTerms, Renewed, Terms
from market.verify.evidence import Evidence
from market.verify.line import Line
from market.verify.report import require


def check(evidence: Evidence, line: Line) -> str:
    """Check that request and terms agree on whether a contract is renewed; return which one, nothing for none.

    Raises:
        CheckFailed: the request is for a renewal and the terms are none, or the other way round.
    """
    for paper in line.papers:
        asked = [one.row.get("renews_id") for one in evidence.rows("request", contract_id=paper.row["id"])]
        renews = paper.first and renewed(paper.terms) is not None
        require(
            all((one is not None) is renews for one in asked),
            f"the {paper.name} is asked for as a renewal of another",
        )
    one = renewed(line.first.terms)
    if one is None:
        return ""
    return f"of contract {one.number}, whose term ends {one.until}; its evidence is that trade's own bundle"


def renewed(terms: AnyTerms) -> Renewed | None:
    """Return the contract that terms go on from."""
    return terms.renews if isinstance(terms, Terms) else None
