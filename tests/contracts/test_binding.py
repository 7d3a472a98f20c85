"""Nobody accepts, signs or is bound by any text other than the one that was offered, whatever happens in what order.

A connector of a data space once accepted any altered offer (EDC #1791). Here two sides act at random, on digests that
are current, outdated or invented, while a small independent model says what is on the table.
"""

import uuid
from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts import canonical, offers, service, versions
from contracts.errors import ContractError
from contracts.models import Remark
from contracts.negotiation import Ending, State
from contracts.terms import Terms
from contracts.vocabulary import Role
from tests.contracts import small, table

ROLES = st.sampled_from(Role)
DAYS = st.integers(1, 4)
WHICH = st.sampled_from((-1, -1, -1, -2, -3, 0))
"""Which of the digests seen so far an act names: -1 the newest, 0 one that nobody ever offered."""
FIXED = {State.ACCEPTED, State.AGREED, State.VERIFIED, State.FINALIZED}


class Negotiation(RuleBasedStateMachine):
    """Two sides and one contract; ``table`` is what the model holds to be offered."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.session = self.open.enter_context(table.opened())
        self.contract = table.requested(self.session)
        self.table: Terms = small.terms()
        self.author = Role.BUYER
        self.seen: list[Terms] = [self.table]
        self.fixed: bytes | None = None
        self.suggested: list[tuple[Remark, int, Terms]] = []

    def teardown(self) -> None:
        self.open.close()

    def tried(self, act: Any) -> bool:
        """Do something or be refused; a refusal must leave nothing behind."""
        before = (self.contract.state, self.contract.version, self.contract.terms)
        try:
            act()
        except ContractError:
            assert (self.contract.state, self.contract.version, self.contract.terms) == before
            return False
        return True

    def named(self, which: int) -> str:
        return self.seen[max(which, -len(self.seen))].digest() if which else "0" * 64

    def document(self, which: int) -> str:
        terms = self.seen[max(which, -len(self.seen))] if which else small.terms(term__days=999)
        return canonical.sha256(table.drawn(terms)[1].pdf)

    @rule(role=ROLES, which=WHICH, days=DAYS)
    def offer(self, role: Role, which: int, days: int) -> None:
        base, terms = self.named(which), small.terms(term__days=days)
        state = self.contract.state
        if self.tried(lambda: table.offered(self.session, self.contract, role, base, term__days=days)):
            assert state in {State.REQUESTED, State.OFFERED}
            assert (role is not self.author, base, terms != self.table) == (True, self.table.digest(), True)
            self._laid(role, terms)

    @rule(role=ROLES, which=WHICH)
    def accept(self, role: Role, which: int) -> None:
        digest, state = self.named(which), self.contract.state
        step = uuid.uuid4()
        if self.tried(lambda: offers.accept(self.session, step, self.contract, role, digest)):
            assert (state, role, self.author) == (State.OFFERED, Role.BUYER, Role.PROVIDER)
            assert digest == self.table.digest()

    @rule(role=ROLES, which=WHICH, days=DAYS, comment=st.booleans())
    def say(self, role: Role, which: int, days: int, comment: bool) -> None:
        changes = None if comment else {"term.days": days}
        saying = table.suggestion(self.contract, role, "use", changes, self.named(which))

        def act() -> None:
            row = offers.remark(self.session, uuid.uuid4(), self.contract, small.model(), saying)
            if not comment:
                leads_to = small.terms(**{**_values(self.table), "term__days": days})
                self.suggested.append((row, self.contract.version, leads_to))

        if self.tried(act):
            assert saying.on_digest == self.table.digest()
            assert comment or role is not self.author

    @precondition(lambda self: self.suggested)
    @rule(taker=ROLES, place=st.integers(0, 9), honest=st.booleans())
    def take_up(self, taker: Role, place: int, honest: bool) -> None:
        row, version, leads_to = self.suggested[place % len(self.suggested)]
        terms = leads_to if honest else small.terms(term__days=999)
        draft, rendered = table.drawn(terms)
        made = offers.Offer(row.role, draft, rendered, table.NOW, remark_id=row.id)
        present = self.contract.version
        if self.tried(lambda: offers.take_up(self.session, uuid.uuid4(), self.contract, row, taker, made)):
            assert (taker is not row.role, version, honest) == (True, present, True)
            self._laid(row.role, leads_to)

    @rule(role=ROLES, which=WHICH)
    def sign(self, role: Role, which: int) -> None:
        shown = self.document(which)
        signed = table.signed(self.contract, role, shown)
        if self.tried(lambda: service.sign(self.session, uuid.uuid4(), self.contract, signed, table.NOW)):
            assert shown == canonical.sha256(table.drawn(self.table)[1].pdf)

    @rule()
    def finalize(self) -> None:
        self.tried(lambda: service.finalize(self.session, uuid.uuid4(), self.contract))

    @rule(role=st.sampled_from([*Role, None]), ending=st.sampled_from(Ending), rare=st.integers(0, 9))
    def end(self, role: Role | None, ending: Ending, rare: int) -> None:
        if rare:
            return
        bound = {one.role for one in self.contract.signatures}
        step = uuid.uuid4()
        if self.tried(lambda: service.terminate(self.session, step, self.contract, ending, role, "理由")):
            assert role not in bound
            assert bound != set(Role)

    @rule(
        names=st.sets(st.sampled_from(["terms", "terms_digest", "document_digest"]), min_size=1), role=ROLES
    )
    def alter(self, names: set[str], role: Role) -> None:
        """Somebody with a raw client changes the text on file: nobody can rely on it, until it is as it was."""
        kept = {name: getattr(self.contract, name) for name in names}
        other = small.terms(term__days=777)
        for name in names:
            setattr(self.contract, name, other.canonical().decode() if name == "terms" else other.digest())
        with self.session.no_autoflush:
            for digest in (self.table.digest(), other.digest()):
                assert not self.tried(
                    lambda digest=digest: offers.accept(
                        self.session, uuid.uuid4(), self.contract, role, digest
                    )
                )
            shown = table.signed(self.contract, role)
            assert not self.tried(
                lambda: service.sign(self.session, uuid.uuid4(), self.contract, shown, table.NOW)
            )
        for name, value in kept.items():
            setattr(self.contract, name, value)

    @invariant()
    def what_is_shown_is_what_was_offered(self) -> None:
        assert table.present(self.contract) == self.table
        assert self.contract.terms_digest == self.table.digest()
        assert self.contract.versions[-1].terms == self.contract.terms
        versions.require_chain([offers.link(self.contract, one) for one in self.contract.versions])

    @invariant()
    def what_was_fixed_stays_fixed(self) -> None:
        if self.fixed is not None:
            assert self.contract.terms.encode() == self.fixed
        if self.contract.state in FIXED:
            self.fixed = self.contract.terms.encode()

    @invariant()
    def both_signed_the_same_text(self) -> None:
        for one in self.contract.signatures:
            said = canonical.decode(one.statement.encode())
            assert said["terms_digest"] == self.table.digest()
            assert said["document_digest"] == canonical.sha256(table.drawn(self.table)[1].pdf)
        if self.contract.state is State.FINALIZED:
            assert {one.role for one in self.contract.signatures} == set(Role)

    def _laid(self, role: Role, terms: Terms) -> None:
        self.table, self.author = terms, role
        self.seen.append(terms)


def _values(terms: Terms) -> dict[str, Any]:
    return {name.replace(".", "__"): value for name, value in terms.values.items()}


TestBinding = Negotiation.TestCase
TestBinding.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
