"""Checks a contract offline, from its files alone: no network, no database.

The proof that prose equals data: setting the terms in type again with the same model text, compiler and fonts gives
the same bytes.  Where the compiler or a font is another version here, that one check is left out and says so; it is
never reported as passed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import canonical, library, signing
from contracts.checks import Check, Outcome
from contracts.document import Draft, compose
from contracts.errors import ContractError
from contracts.library import FOLDER
from contracts.render import render, toolchain
from contracts.terms import AnyTerms, parse
from contracts.vocabulary import Role


@dataclass(frozen=True, slots=True)
class PartySignature:
    """A signature with the key it is said to belong to; whether that key is the party's is the caller's to prove."""

    role: str
    public_key: str
    statement: str
    signature: str


@dataclass(frozen=True, slots=True)
class Package:
    """The files of one contract.

    Attributes:
        terms: contract.json.
        policy: policy.json.
        document: the PDF.
        rendering: rendering.json, the record of compiler and fonts.
        complete: whether the contract is said to be in force, which needs both signatures.
        offer: the signed offer that an acceptance takes up.
    """

    terms: bytes
    policy: bytes
    document: bytes
    rendering: bytes
    template_digest: str
    signatures: Sequence[PartySignature]
    complete: bool = True
    offer: bytes = b""


def verify(package: Package, folder: Path = FOLDER) -> list[Check]:
    """Return one check a line; the contract holds when none has failed.

    Args:
        package: the files, as found.
        folder: the model texts to set the document from again.
    """
    try:
        terms = parse(package.terms)
    except ContractError as error:
        return [Check("terms", Outcome.FAILED, str(error))]
    return [
        Check("terms", Outcome.PASSED, f"contract {terms.number}, {terms.model}"),
        *_signatures(package, terms),
        *_text(package, terms, folder),
    ]


def _signatures(package: Package, terms: AnyTerms) -> Iterator[Check]:
    roles = [signature.role for signature in package.signatures]
    if len(set(roles)) != len(roles) or (package.complete and set(roles) != set(Role)):
        yield Check("signatures", Outcome.FAILED, f"signed by {', '.join(roles) or 'nobody'}")
    for signature in package.signatures:
        name = f"signature of the {signature.role}"
        try:
            expected = signing.statement(
                terms.number,
                Role(signature.role),
                terms=terms.digest(),
                document=canonical.sha256(package.document),
                template=package.template_digest,
            )
            if signature.statement != expected:
                yield Check(name, Outcome.FAILED, "what was signed names other terms, document or model text")
                continue
            signing.verify(signature.public_key, signature.statement, signature.signature)
        except (ContractError, ValueError) as error:
            yield Check(name, Outcome.FAILED, str(error))
            continue
        yield Check(name, Outcome.PASSED, "terms, document and model text are the ones signed")


def _text(package: Package, terms: AnyTerms, folder: Path) -> Iterator[Check]:
    try:
        draft = compose(library.load(terms.model, folder), terms, package.offer)
    except ContractError as error:
        yield Check("model text", Outcome.FAILED, str(error))
        return
    if draft.model.digest != package.template_digest:
        yield Check("model text", Outcome.FAILED, f"the released text of {terms.model} has another digest")
        return
    yield Check("model text", Outcome.PASSED, f"{terms.model} as released")
    if draft.policy == package.policy:
        yield Check("policy", Outcome.PASSED, "it is what the terms amount to")
    else:
        yield Check("policy", Outcome.FAILED, "it is not what the terms amount to")
    yield _document(package, draft)


def _document(package: Package, draft: Draft) -> Check:
    try:
        record: Any = canonical.decode(package.rendering)
        compiler, fonts = record["compiler"], record["fonts"]
    except (ContractError, KeyError, TypeError):
        return Check("document", Outcome.FAILED, "the record of compiler and fonts cannot be read")
    here = toolchain()
    if compiler != here["compiler"]:
        return Check("document", Outcome.SKIPPED, f"NOT RE-RENDERED: needs {compiler}")
    if fonts != here["fonts"]:
        return Check("document", Outcome.SKIPPED, "NOT RE-RENDERED: needs the fonts named in rendering.json")
    try:
        again = render(draft)
    except ContractError as error:
        return Check("document", Outcome.FAILED, str(error))
    if again.pdf != package.document or again.record != package.rendering:
        return Check("document", Outcome.FAILED, "set in type again, the terms give other bytes")
    return Check("document", Outcome.PASSED, "set in type again, the terms give the same bytes")
