"""The standing offer that a contract accepts: signed by this provider, open then, and in all but a few terms the same.

The offer's own file is held against its own text as a contract's is, and the contract carries it byte for byte. That
the signature in it binds this contract rests on three things: the contract names the offer and that file, the two
differ in nothing but what an acceptance fills in, and the buyer signed while the offer stood.
"""

import hashlib
from datetime import datetime
from typing import Any, Final

from contracts import standing
from contracts import verify as contracts
from contracts.terms import AnyTerms, Origin, Terms, parse
from contracts.verify import Package
from market.verify import signed
from market.verify.delivery import CLOCKS
from market.verify.evidence import Evidence, Image
from market.verify.report import CheckFailed, Report, require, tell

TABLE: Final = "standing_offer"
CHANGING: Final = frozenset({"state", "taken"})
ENDS: Final = frozenset({"offer.withdrawn", "offer.expired"})


def check(report: Report, evidence: Evidence) -> None:
    """Check the offer of a contract that accepts one, and that no other contract brings one."""
    with report.checking("offer"):
        terms = parse(evidence.files["contract/terms.json"])
        origin = terms.origin if isinstance(terms, Terms) else None
        first = evidence.own("contract")[0].row
        if origin is None:
            brought = [name for name in evidence.files if name.startswith(signed.OFFER)]
            require(
                not evidence.rows(TABLE) and not brought, "an offer lies beside a contract that accepts none"
            )
            require(first["state"] == "REQUESTED", "a contract was agreed by no signature")
            return
        require(first["state"] == "AGREED", "the acceptance of an offer was not agreed by it")
        opened = _opened(evidence, origin)
        own = Report()
        with own.checking("text"):
            tell(own, contracts.verify(_package(evidence, opened.row)))
        with own.checking("signature"):
            signature = Image(opened.index, opened.entry, {**opened.row, "role": "provider"})
            signed.hold(own, evidence, opened.row, [signature], standing.OFFERED, _held(evidence))
        report.lines += [(outcome, f"offer: {name}", detail) for outcome, name, detail in own.lines]
        with report.checking("offer: terms"):
            report.ok("offer: terms", _check_terms(evidence, terms))
        with report.checking("offer: open"):
            report.ok("offer: open", _check_open(evidence, opened))


def _opened(evidence: Evidence, origin: Origin) -> Image:
    """Return the image of the offer as it was opened, after holding all images and files against it."""
    images = evidence.rows(TABLE)
    opened = [image for image in images if image.entry.kind == "offer.opened"]
    require(len(opened) == 1, f"{len(opened)} entries open the offer that the contract accepts")
    row, contract = opened[0].row, evidence.own("contract")[0].row
    require(row["handle"] == opened[0].entry.handle, "the offer was opened as another object")
    for image in images:
        require(_fixed(image.row) == _fixed(row), "what was offered changed later")
    for image in evidence.own("request"):
        named = row["id"] if image.row["contract_id"] == contract["id"] else None
        require(image.row["offer_id"] == named, "the request names another offer")
    for name in ("provider_id", "asset_id"):
        require(row[name] == contract[name], f"the offer is of another {name.removesuffix('_id')}")
    require(row["number"] == origin.number, "the contract names another offer")
    for name, digest in (
        ("document.pdf", "document_digest"),
        ("terms.json", "terms_digest"),
        ("policy.json", "policy_digest"),
        ("signed.pdf", "file_digest"),
    ):
        found = hashlib.sha256(evidence.files[signed.OFFER + name]).hexdigest()
        require(found == row[digest], f"{signed.OFFER}{name} is not the file of the entries")
    for name in ("terms", "policy", "rendering"):
        require(
            evidence.files[f"{signed.OFFER}{name}.json"].decode() == row[name],
            f"{signed.OFFER}{name}.json is not the text of the entries",
        )
    return opened[0]


def _fixed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in CHANGING}


def _package(evidence: Evidence, row: dict[str, Any]) -> Package:
    files = evidence.files
    return Package(
        terms=files[f"{signed.OFFER}terms.json"],
        policy=files[f"{signed.OFFER}policy.json"],
        document=files[f"{signed.OFFER}document.pdf"],
        rendering=files[f"{signed.OFFER}rendering.json"],
        template_digest=row["template_digest"],
        signatures=[],
        complete=False,
    )


def _held(evidence: Evidence) -> signed.Held:
    attached = {name: evidence.files[signed.OFFER + place] for name, place in signed.ATTACHED.items()}
    return signed.Held(signed.OFFER, "", attached)


def _check_terms(evidence: Evidence, terms: AnyTerms) -> str:
    offered = parse(evidence.files[f"{signed.OFFER}terms.json"])
    file_digest = hashlib.sha256(evidence.files[f"{signed.OFFER}signed.pdf"]).hexdigest()
    standing.require_accepted(offered, file_digest, terms)
    return f"the contract differs from offer {offered.number} in buyer, number, date and origin alone"


def _check_open(evidence: Evidence, opened: Image) -> str:
    """The offer was opened before the contract was drawn up, stood when the buyer signed, and was counted then."""
    row = opened.row
    limits = parse(row["terms"].encode())
    standing_terms = limits.standing if isinstance(limits, Terms) else None
    if standing_terms is None:
        raise CheckFailed("the offer says nothing of its limits")
    require((row["state"], row["taken"]) == ("OPEN", 0), "the offer was opened in another state")
    require(row["most"] == standing_terms.most, "the offer may be accepted more often than was signed")
    expires_at = datetime.fromisoformat(row["expires_at"])
    require(expires_at == standing_terms.expires_at, "the offer ends on another day than was signed")
    require(opened.index < evidence.trade()[0][0], "the offer was signed after the contract was drawn up")
    of_buyer = [image for image in evidence.own("signature") if image.row["role"] == "buyer"]
    if not of_buyer:
        return "signed before the contract was drawn up; nobody has accepted it here"
    accepted = of_buyer[0]
    for index, entry in evidence.entries.items():
        if entry.handle == row["handle"] and entry.kind in ENDS:
            require(
                index > accepted.index, f"the offer was {entry.kind.partition('.')[2]} before it was accepted"
            )
    signed_at = datetime.fromisoformat(accepted.row["signed_at"])
    require(
        max(signed_at, accepted.entry.time) <= expires_at + CLOCKS,
        "the offer was accepted after its last day",
    )
    counted = [image.row for image in evidence.own(TABLE)]
    require(len(counted) == 1, "the acceptance was not counted, or more than once")
    shown = [image.index for image in evidence.own(TABLE)]
    require(shown == [accepted.index], "the acceptance was counted by another entry than its signature")
    taken, state = counted[0]["taken"], counted[0]["state"]
    require(
        type(taken) is int and 1 <= taken <= row["most"], "the offer was accepted more often than it may be"
    )
    require(
        state == ("EXHAUSTED" if taken == row["most"] else "OPEN"),
        "the offer was not open when it was accepted",
    )
    return f"signed before, not withdrawn or over when the buyer signed; acceptance {taken} of at most {row['most']}"
