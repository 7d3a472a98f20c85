"""Signing a draft opens the offer: one step writes the signed row, and the draft is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from contracts import signing, standing
from contracts.service import Signed
from contracts.vocabulary import Role as Party
from market import jobs, permissions, steps
from market.actor import Actor
from market.catalog import service as catalog
from market.contracting.models import OfferDraft, OfferText, StandingOffer
from market.contracting.standing import counting, drafting, reading
from market.contracting.standing.reading import AnyOffer
from market.contracting.standing.states import OfferState
from market.errors import Conflict
from market.i18n import gettext as _
from market.steps import Kind, Step


@dataclass(frozen=True)
class OfferPaper:
    """A standing offer for its provider: a draft, or what was signed before."""

    row: AnyOffer
    actor: Actor
    lock: bool

    @property
    def id(self) -> UUID:
        """The draft's id, which the signed offer keeps."""
        return self.row.id

    @property
    def owner_id(self) -> UUID:
        """The provider."""
        return self.row.provider_id

    @property
    def role(self) -> Party:
        """The provider's."""
        return Party.PROVIDER

    @property
    def order(self) -> Sequence[Party]:
        """The provider alone."""
        return standing.OFFERED

    @property
    def statement(self) -> str:
        """What the provider agrees to."""
        return signing.statement(
            self.row.number,
            Party.PROVIDER,
            terms=self.row.terms_digest,
            document=self.row.document_digest,
            template=self.row.template_digest,
        )

    @property
    def document_digest(self) -> str:
        """The rendered document."""
        return self.row.document_digest

    @property
    def newest_digest(self) -> str:
        """The same: nobody has signed before."""
        return self.row.document_digest

    def repeated(self, session: Session, actor: Actor, given: dict[str, str]) -> Step | None:
        """Return the step that opened the offer, for the same actor and input."""
        if isinstance(self.row, StandingOffer):
            return steps.repeat(session, actor, Kind.OFFER_OPENED, self.row.handle, given)
        return None

    def refuse(self, session: Session, document_digest: str) -> None:
        """Return while the draft is of the listing as it stands, and no other offer is open.

        Raises:
            Conflict: another document was shown, the listing changed or is not on offer, it has an open offer, or the
                offer's last day is over.
            Forbidden: the provider is not verified any more.
        """
        if not isinstance(self.row, OfferDraft):
            raise reading.not_found()
        if document_digest != self.row.document_digest:
            raise counting.wrong_document(self.row.document_digest)
        facts = drafting.facts_of(session, self.actor, self.row.listing_number, lock=self.lock)
        if facts.step_id != self.row.listing_step_id:
            raise drafting.changed()

    def keep(self, session: Session, actor: Actor, made: Signed, given: dict[str, str]) -> Step:
        """Open the offer, let its listing say so, and wait for its last day."""
        draft = self.row
        if not isinstance(draft, OfferDraft):
            raise reading.not_found()
        step = steps.begin(actor, Kind.OFFER_OPENED, steps.new_handle())
        limits = reading.terms_of(draft).standing
        if limits is None or limits.expires_at <= step.time:
            raise Conflict("offer.expired", _("The time to accept this offer is over."))
        text = {name: getattr(draft, name) for name in OfferText.__annotations__}
        row = StandingOffer(
            **text,
            id=draft.id,
            step_id=step.id,
            handle=step.handle,
            listing_id=draft.listing_id,
            state=OfferState.OPEN,
            taken=0,
            statement=self.statement,
            key_id=made.key_id,
            algorithm=made.algorithm,
            file_digest=made.file_digest,
            stamped=made.stamped,
            assertion=made.assertion,
            signed_at=step.time,
            expires_at=limits.expires_at,
        )
        session.delete(draft)
        session.add(row)
        catalog.show_offer(session, row.listing_id, row.number)
        jobs.queue(session, "offer.deadline", due_at=row.expires_at, number=row.number)
        if not row.stamped:
            jobs.queue(session, "offer.stamp", offer_id=row.id)
        return steps.record(session, step, given=given, note={"document": row.document_digest})


def paper(session: Session, actor: Actor, number: str, lock: bool = False) -> OfferPaper:
    """Return an offer for whom may sign it.

    Raises:
        NotFound: there is no such draft or offer of this organisation.
        Forbidden: the actor may not sign for its provider.
    """
    row = reading.found(session, actor, number, lock=lock)
    permissions.require(actor, "offer.open", reading.relation(actor, row))
    return OfferPaper(row, actor, lock)
