"""Writes the evidence bundle of a trade: everything a stranger needs to check it offline.

Collected in one reading session (:func:`gather`), written outside of it (:func:`write`), since files are read and the
manifest is signed. The contract's texts and the inspection report are taken from the openings, so that the files in
the bundle are what the entries committed to, not what a row says today.
"""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template
from sqlalchemy.orm import Session

from contracts.terms import parse
from ledger import canonical
from ledger.checkpoint import CHECKPOINT, parse_checkpoint
from ledger.evidence import ENTRIES, LEAF, OPENINGS, POLICY, PROOF
from ledger.note import COSIGNATURE, VerifierKey, parse_note
from ledger.policy import NONE, Policy
from market import bundle, clock, config, steps, storage
from market.actor import Actor
from market.keys import ring
from market.keys import service as keys
from market.oversight import heads, service, supplements
from market.oversight.service import History, Seen
from market.registry.attestations import service as attestations

OFFER: Final = "offer/"
"""Where the files of a standing offer stand in a bundle."""


@dataclass(frozen=True)
class Evidence:
    """What a bundle is written from.

    Attributes:
        history: the trade's own entries.
        entries: those, the asset's and the keys', in the log's order, each with its proof.
        policy: the keys of the log, its witnesses, and how many of them must have cosigned.
        policy_text: the same as a file.
        checkpoint: the signed note all proofs lead to, with its cosignatures.
        log_key: the newest key of the log that signed it.
        beside: files by which a verifier follows every change of the log's key, and time stamps.
    """

    history: History
    entries: list[Seen]
    policy: Policy
    policy_text: str
    checkpoint: str
    log_key: VerifierKey
    beside: dict[str, bytes]


def gather(session: Session, actor: Actor, number: str) -> Evidence:
    """Collect the evidence of a trade, for a party to it or an auditor.

    Raises:
        NotFound: there is no such trade for this actor.
        Forbidden: the actor is neither a party nor an auditor.
        Unavailable: the newest entry is not under a checkpoint with its witnesses yet; ask again in a second or two.
    """
    history = service.of_trade(session, actor, number)
    ids = (
        [seen.entry.id for seen in history.entries]
        + _asset_entries(session, history)
        + _assessors_keys(session, history)
        + supplements.offer_entries(session, images(history.entries, "standing_offer"))
        + _key_entries(session, history)
    )
    found = service.of_steps(session, actor, history.viewer, list(dict.fromkeys(ids)))
    found += supplements.erasures(session, actor, history.viewer, found)
    found.sort(key=lambda seen: seen.index or 0)
    without = next((seen for seen in found if seen.proof is None), None)
    if without is not None:
        raise heads.waiting(session, without.index)
    checkpoint = next(seen.proof.checkpoint for seen in found if seen.proof is not None)
    size = parse_checkpoint(parse_note(checkpoint)[0]).size
    return Evidence(
        history=history,
        entries=found,
        policy=heads.policy(session),
        policy_text=heads.policy_text(session),
        checkpoint=checkpoint,
        log_key=_signer(ring.published(session, config.current()), checkpoint),
        beside=supplements.rotations(session, size)
        | supplements.stamps(session, size)
        | supplements.revocations(session)
        | _late_stamps(session, history),
    )


def write(evidence: Evidence) -> dict[str, bytes]:
    """Return the files of the bundle, sealed by the manifest key."""
    history = evidence.history
    files: dict[str, bytes] = {
        CHECKPOINT: evidence.checkpoint.encode(),
        POLICY: evidence.policy_text.encode(),
        OPENINGS: _openings(evidence.entries),
        "README.md": _readme(evidence).encode(),
    }
    files |= evidence.beside
    for seen in evidence.entries:
        files |= _entry_files(seen)
    for contract, folder in _contracts(history):
        files |= _texts(folder, contract) | _signed_file(history, contract, folder)
    files |= _inspection_files(evidence, images(history.entries, "contract")[0])
    for offer in _offers(history):
        signed = storage.current().read(offer["file_digest"])
        files |= {**_texts(OFFER, offer), f"{OFFER}signed.pdf": signed}
    files |= {
        name: canonical.encode(images(evidence.entries, table)) for name, table in bundle.EXTRACTS.items()
    }
    withheld = tuple((str(seen.entry.id), field) for seen in evidence.entries for field in seen.withheld)
    return bundle.seal(
        files,
        keys.sign_manifest,
        trade=history.reference,
        made_at=clock.text(clock.now()),
        viewer=history.viewer.value,
        withheld=withheld,
    )


def _asset_entries(session: Session, history: History) -> list[uuid.UUID]:
    """Every entry of the asset: what was measured, that it was registered, whether it was suspended."""
    if history.asset_id is None:
        return []
    written = steps.chain(session, history.asset_id)
    return [
        step.id for handle in {step.object for step in written} for step in steps.steps_of(session, handle)
    ]


def _assessors_keys(session: Session, history: History) -> list[uuid.UUID]:
    """Entries of the certificates by which third parties signed inspections of the asset; often there are none."""
    signers = attestations.signers(session, history.asset_id) if history.asset_id else []
    return [step.id for certificate_id in signers for step in steps.chain(session, certificate_id)]


def _key_entries(session: Session, history: History) -> list[uuid.UUID]:
    """Entries of the keys that signed the contract, of the manifest key and of all the log's own."""
    signed = {
        uuid.UUID(image["key_id"])
        for table in ("signature", "standing_offer")
        for image in images(history.entries, table)
    }
    log = [key.row.id for key in ring.keys(session)]
    wanted = [
        *sorted(signed), keys.manifest_key(session).id, *log, *supplements.certificate_rows(session)
    ]  # fmt: skip
    return [step.id for key_id in wanted for step in steps.chain(session, key_id)]


def images(entries: list[Seen], table: str) -> list[dict[str, Any]]:
    """Return the opened row images of a table, in the log's order."""
    return [
        opening.value
        for seen in entries
        for opening in sorted(seen.openings, key=lambda opening: opening.field)
        if isinstance(opening.value, dict) and opening.value.get("table") == table
    ]


def _openings(entries: list[Seen]) -> bytes:
    found = [
        {
            "entry": str(opening.entry),
            "field": opening.field,
            "subject": None if opening.subject is None else str(opening.subject),
            "salt": opening.salt.hex(),
            "value": opening.value,
        }
        for seen in entries
        for opening in seen.openings
    ]
    return canonical.encode(found)


def _entry_files(seen: Seen) -> dict[str, bytes]:
    if seen.proof is None:
        raise ValueError("gather() takes entries with proofs only")
    name = f"{ENTRIES}{seen.index:06d}"
    return {name + LEAF: seen.leaf, name + PROOF: seen.proof.text().encode()}


def _contracts(history: History) -> list[tuple[dict[str, Any], str]]:
    """Return the last image of the trade's contract and of each amendment, with the folder its files stand in."""
    last = {image["id"]: image for image in images(history.entries, "contract")}
    return [
        (image, f"amendments/{image['number']}/" if place else "contract/")
        for place, image in enumerate(last.values())
    ]


def _offers(history: History) -> list[dict[str, Any]]:
    """Return the last image of the standing offer that the contract accepts; often there is none."""
    return images(history.entries, "standing_offer")[-1:]


def _late_stamps(session: Session, history: History) -> dict[str, bytes]:
    """Return the time stamps over whole files that could not be made while they were signed."""
    papers = [*_contracts(history), *((offer, OFFER) for offer in _offers(history))]
    files: dict[str, bytes] = {}
    for paper, folder in papers:
        files |= supplements.late_stamp(session, uuid.UUID(paper["id"]), folder)
    return files


def _texts(folder: str, paper: dict[str, Any]) -> dict[str, bytes]:
    """Return what a contract or a standing offer says, and the document set from it."""
    return {
        f"{folder}document.pdf": storage.current().read(paper["document_digest"]),
        f"{folder}terms.json": paper["terms"].encode(),
        f"{folder}policy.json": paper["policy"].encode(),
        f"{folder}rendering.json": paper["rendering"].encode(),
    }


def _signed_file(history: History, contract: dict[str, Any], folder: str) -> dict[str, bytes]:
    """Return the file with every signature there is, if anybody has signed."""
    own = [one for one in images(history.entries, "signature") if one["contract_id"] == contract["id"]]
    if not own:
        return {}
    return {f"{folder}signed.pdf": storage.current().read(own[-1]["file_digest"])}


def _inspection_files(evidence: Evidence, contract: dict[str, Any]) -> dict[str, bytes]:
    """Return the report that the signed terms name."""
    named = parse(contract["terms"].encode()).subject.inspection_digest
    for image in images(evidence.entries, "inspection"):
        if image["report_digest"] == named:
            return {"inspection/report.json": image["report"].encode()}
    return {}


def _readme(evidence: Evidence) -> str:
    origin, size = evidence.checkpoint.split("\n", 2)[:2]
    example = evidence.entries[-1].index or 0
    return render_template(
        "pages/oversight/bundle-readme.md",
        number=evidence.history.reference,
        viewer=evidence.history.viewer.value,
        entries=len(evidence.entries),
        origin=origin,
        size=size,
        example=f"{example:06d}",
        index=example,
        logs=evidence.policy.logs,
        log_key=evidence.log_key,
        witnesses=list(evidence.policy.witnesses.values()),
        asked=_asked(evidence.policy),
        plain=_plain(evidence),
    )


def _signer(keys: list[VerifierKey], note: str) -> VerifierKey:
    """Return the newest of the log's keys, given oldest first, that signed a note: a retired one signs no more."""
    lines = {(line.name, line.id) for line in parse_note(note)[1]}
    return [key for key in keys if (key.name, key.id) in lines][-1]


def _plain(evidence: Evidence) -> list[VerifierKey]:
    """Return the witnesses that cosigned with Ed25519, for tools that know nothing else."""
    signed = evidence.policy.cosigners(evidence.checkpoint)
    return [key for key, _time in signed if key.algorithm == COSIGNATURE]


def _asked(policy: Policy) -> int:
    """Return of how many witnesses a tool without groups should ask a cosignature."""
    if policy.quorum == NONE:
        return 0
    group = policy.groups.get(policy.quorum)
    return group.threshold if group else 1
