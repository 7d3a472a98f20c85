"""Kinds stand in public, permanent leaves: the list only grows at its end."""

import re

from market.steps import Kind

FROZEN = """
exchange.founded
organisation.applied organisation.verified organisation.refused organisation.suspended organisation.restored
member.invited member.joined member.removed
key.published key.retired
account.planned account.opened
asset.drafted asset.inspected asset.submitted asset.reviewed asset.noticed asset.registered asset.rejected
asset.suspended asset.restored asset.cancelled
listing.drafted listing.changed listing.listed listing.suspended listing.restored listing.withdrawn
contract.requested contract.signed contract.finalized contract.declined contract.withdrawn contract.expired
payment.planned payment.opened payment.settled payment.failed payment.expired
settlement.funded settlement.released settlement.refunded settlement.cancelled
transfer.planned transfer.made transfer.failed
refund.planned refund.made refund.failed
delivery.completed
acceptance.accepted acceptance.rejected acceptance.deemed
dispute.opened dispute.ruled dispute.closed
trade.cancelled
agreement.suspended agreement.restored agreement.expired agreement.terminated
member.changed
opening.erased
exchange.restored drill.completed
payment.strayed payment.returned
account.restricted
exchange.recovered
certificate.issued certificate.registered certificate.revoked
factor.reset
contract.offered contract.countered contract.accepted contract.commented contract.suggested contract.adopted
notice.given notice.retracted
duty.performed duty.missed
approval.ruled contract.approved contract.disapproved
offer.opened offer.withdrawn offer.expired
amendment.proposed amendment.finalized
finding.corrected asset.appealed asset.released asset.held asset.declared
asset.revised update.submitted update.approved update.rejected update.withdrawn
trade.updated update.delivered
revision.cleaned
accreditation.given accreditation.withdrawn inspection.attested
reconciliation.planned reconciliation.made reconciliation.signed
profile.changed invoice.requested invoice.issued invoice.refused invoice.reduced invoice.reddened
settlement.divided redress.ordered redress.repaid redress.closed
reversal.planned reversal.made reversal.failed settlement.missed
payee.proposed payee.confirmed payee.closed payment.withdrawn payment.evidenced
statement.imported line.recorded line.dismissed
chargeback.opened chargeback.changed chargeback.contested chargeback.conceded chargeback.answered
chargeback.won chargeback.lost chargeback.closed chargeback.borne
delivery.suspended delivery.resumed settlement.reduced
contract.lapsed
""".split()


def test_released_kinds_keep_their_names_and_order() -> None:
    assert [kind.value for kind in Kind][: len(FROZEN)] == FROZEN


def test_a_kind_is_an_object_and_a_past_participle() -> None:
    assert [kind for kind in Kind if not re.fullmatch(r"[a-z]+\.[a-z]+", kind)] == []
