"""A standing offer that its provider signed and a contract that accepts it, made once over the small text."""

import dataclasses
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from contracts import canonical, standing
from contracts.certificates import Authorities
from contracts.document import compose
from contracts.examining import Expected, ExpectedSigner
from contracts.render import Rendered, render
from contracts.terms import Standing, Terms
from contracts.vocabulary import Role
from tests.contracts import small
from tests.contracts.authority import NOW, Authority, Party, Stamper
from tests.contracts.first.sample import TERMS as FIRST
from tests.contracts.first.sample import number
from tests.contracts.signed import STATEMENTS, completed

DAY = date(2026, 11, 30)
OFFER = dataclasses.replace(
    small.terms(), number=number("3QF7TZ0K8M"), buyer=None, standing=Standing(DAY + timedelta(30), 2)
)


def accepting(file_digest: str = "ab" * 32, offer: Terms = OFFER, day: date = DAY) -> Terms:
    """Return the terms of an acceptance."""
    return standing.accepted(offer, file_digest, number=FIRST.number, day=day, buyer=FIRST.buyer)


@dataclass(frozen=True)
class Signed:
    """A document that one party alone signed."""

    authority: Authority
    role: Role
    party: Party
    stamper: Stamper
    terms: Terms
    policy: bytes
    rendered: Rendered
    file: bytes
    offer: bytes = b""

    def expected(self, file: bytes | None = None) -> Expected:
        """Return what the file is held against."""
        attachments = {"contract.json": self.terms.canonical(), "policy.json": self.policy}
        return Expected(
            digest=canonical.sha256(file or self.file),
            rendered=canonical.sha256(self.rendered.pdf),
            size=len(self.rendered.pdf),
            order=standing.signers(self.terms),
            signers=[ExpectedSigner(self.role, STATEMENTS[self.role], self.party.der, NOW)],
            authorities=Authorities([self.authority.root.der], (), self.authority.lists()),
            stampers=[self.authority.root.der],
            attachments=attachments | ({"offer.pdf": self.offer} if self.offer else {}),
        )


def _signed(authority: Authority, terms: Terms, name: str, offer: bytes = b"") -> Signed:
    draft = compose(small.model(), terms, offer)
    rendered, order = render(draft), standing.signers(terms)
    party, stamper = authority.party(name), authority.stamper()
    file = completed(rendered.pdf, authority, order[0], party, stamper, order=order).file
    return Signed(authority, order[0], party, stamper, terms, draft.policy, rendered, file, offer)


@cache
def offered() -> Signed:
    """Return the offer."""
    return _signed(Authority(), OFFER, "泉城气象数据服务有限公司")


@cache
def taken() -> Signed:
    """Return the acceptance, with the signed offer attached."""
    one = offered()
    terms = accepting(canonical.sha256(one.file))
    return _signed(one.authority, terms, "海岱农业科技有限公司", one.file)
