"""A document that both parties signed, made once, and what it is to be held against."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from contracts import canonical, library, pades
from contracts.certificates import Authorities
from contracts.checks import Check, Outcome
from contracts.document import compose
from contracts.examining import Expected, ExpectedSigner, examine
from contracts.pades import BOTH, Completed, Evidence, Prepared, Signer
from contracts.render import render
from contracts.vocabulary import Role
from tests.contracts.authority import NOW, Authority, Party, Stamper
from tests.contracts.first.sample import TERMS

STATEMENTS = {Role.PROVIDER: '{"role":"provider"}', Role.BUYER: '{"role":"buyer"}'}


@cache
def rendered() -> tuple[bytes, dict[str, bytes]]:
    """Return a document as it is rendered, and its attachments."""
    draft = compose(library.load(TERMS.model), TERMS)
    return render(draft).pdf, {"contract.json": draft.terms, "policy.json": draft.policy}


@dataclass
class Paper:
    """A document with those who sign it."""

    authority: Authority
    parties: dict[Role, Party]
    stamper: Stamper
    file: bytes
    first: bytes
    """After the provider's signature alone."""

    def expected(self, file: bytes | None = None, **change: Any) -> Expected:
        """Return what the file is held against; a digest of another file is what forged records would say."""
        pdf, attachments = rendered()
        expected = Expected(
            digest=canonical.sha256(file or self.file),
            rendered=canonical.sha256(pdf),
            size=len(pdf),
            order=BOTH,
            signers=[self.signed(role) for role in BOTH],
            authorities=Authorities([self.authority.root.der], (), self.authority.lists()),
            stampers=[self.authority.root.der],
            attachments=attachments,
        )
        return replace(expected, **change)

    def signed(self, role: Role, **change: Any) -> ExpectedSigner:
        return replace(ExpectedSigner(role, STATEMENTS[role], self.parties[role].der, NOW), **change)

    def failed(self, file: bytes, **change: Any) -> list[str]:
        """Return which checks fail when the records themselves name this file."""
        return names(examine(file, self.expected(file, **change)), Outcome.FAILED)


def names(checks: list[Check], outcome: Outcome) -> list[str]:
    return [check.name for check in checks if check.outcome is outcome]


def prepared(
    document: bytes,
    authority: Authority,
    role: Role,
    party: Party,
    stamper: Stamper | None = None,
    **more: Any,
) -> Prepared:
    """Prepare a signature; with the last one comes what later checks need."""
    signer = Signer(role, party.der, authority.chain)
    order = more.get("order", BOTH)
    if role is order[-1]:
        certificates = [party.der, *authority.chain, *([stamper.party.der] if stamper else [])]
        more.setdefault("evidence", Evidence(certificates, authority.lists()))
    return pades.prepare(document, signer, statement=STATEMENTS[role], at=NOW, **more)


def completed(
    document: bytes, authority: Authority, role: Role, party: Party, stamper: Any = None, **more: Any
) -> Completed:
    one = prepared(
        document, authority, role, party, stamper if isinstance(stamper, Stamper) else None, **more
    )
    return pades.complete(one, party.sign(one.to_sign), stamper)


def paper(*, rsa_provider: bool = False, stamped: bool = True) -> Paper:
    """Return a document signed by both."""
    authority = Authority()
    parties = {
        Role.PROVIDER: authority.party("泉城气象数据服务有限公司", rsa_key=rsa_provider),
        Role.BUYER: authority.party("海岱农业科技有限公司"),
    }
    stamper = authority.stamper()
    file, first = rendered()[0], b""
    for role in BOTH:
        file = completed(file, authority, role, parties[role], stamper if stamped else None).file
        first = first or file
    return Paper(authority, parties, stamper, file, first)
