"""Codes of problems about contracts, keys of parties, trades, delivery and the ledger (see :mod:`market.codes`)."""

from collections.abc import Mapping
from typing import Final

from flask_babel import LazyString

from market.i18n import lazy

OF_TRADES: Final[Mapping[str, tuple[int | None, LazyString]]] = {
    # invoices
    "invoice.not_found": (404, lazy("There is no such invoice.")),
    "invoice.no_document": (404, lazy("This invoice has no such document.")),
    "invoice.not_released": (409, lazy("Ask for the invoice once the price is released (R8.1).")),
    "invoice.nothing_paid": (
        409,
        lazy("Nothing was paid for this, or all of it went back; there is no invoice."),
    ),
    "invoice.other_currency": (
        409,
        lazy("Invoices here are in yuan, and this was paid in another currency. Settle it with the seller."),
    ),
    "invoice.wrong_state": (409, lazy("The invoice is in another state; `state` names it.")),
    "invoice.amount_changed": (
        409,
        lazy(
            "Money of this trade is on its way back. Wait until it is there, and let it be asked for again."
        ),
    ),
    "invoice.number_used": (
        409,
        lazy("An invoice with this number is entered already. Check the number."),
    ),
    "invoice.later": (422, lazy("This day lies ahead. Write the day that stands on the invoice.")),
    "invoice.too_early": (422, lazy("The day is before the trade, or before the invoice that is reddened.")),
    "invoice.wrong_file": (
        422,
        lazy("Send the invoice as PDF, OFD or XML, in a file whose name ends in what it is."),
    ),
    "tax_profile.missing": (
        409,
        lazy("First let an administrator of your organisation set its title and tax data for invoices."),
    ),
    # contracts
    "contract.not_found": (404, lazy("There is no such contract.")),
    "contract.no_page": (404, lazy("The document has no such page.")),
    "contract.expired": (409, lazy("The time to sign is over. Ask for a new contract.")),
    "contract.wrong_state": (409, lazy("The contract is in another state; `state` names it.")),
    "contract.other_document": (
        409,
        lazy("You named a document other than the contract's. Read the current one and sign that."),
    ),
    "contract.approval_needed": (
        409,
        lazy(
            "A second person of your organisation must approve this document before it is signed; "
            "`approvers` names who can."
        ),
    ),
    "approval.own": (
        403,
        lazy("You approved this document; another person of your organisation signs it."),
    ),
    "approval.not_needed": (
        409,
        lazy("Your organisation asks for no approval of this contract, so there is nothing to decide."),
    ),
    "approval.nobody_else": (
        409,
        lazy(
            "Nobody could approve what another person signs. First invite a second person, "
            "so that one may sign and another, as approver or administrator, may approve."
        ),
    ),
    "contract.terms_refused": (
        422,
        lazy("No contract can be made from this listing; its provider must change it."),
    ),
    "contract.no_remark": (404, lazy("There is no such comment on this contract.")),
    "contract.no_version": (404, lazy("The contract has no such version.")),
    "contract.no_clause": (409, lazy("The contract has no such clause.")),
    "contract.other_version": (
        409,
        lazy("You named terms other than those on the table; `terms_digest` names the present ones."),
    ),
    "contract.unchanged": (
        409,
        lazy("Nothing differs from the present terms. Change what should read otherwise, or let them stand."),
    ),
    "contract.fixed_form": (
        409,
        lazy("This contract has a fixed form: take it as it is, or decline it."),
    ),
    "contract.no_suggestion": (
        409,
        lazy("This comment suggests no change, so there is nothing to take up."),
    ),
    "contract.broken_chain": (409, lazy("The versions on file do not follow each other. Ask the operator.")),
    # standing offers
    "offer.not_found": (404, lazy("There is no such standing offer.")),
    "offer.already_open": (
        409,
        lazy("This listing has an open standing offer. Withdraw it before you make another."),
    ),
    "offer.withdrawn": (409, lazy("The provider has withdrawn this offer.")),
    "offer.expired": (409, lazy("The time to accept this offer is over.")),
    "offer.approval_asked": (
        409,
        lazy(
            "Your organisation lets a second person approve each contract at this price. A standing offer is "
            "accepted without that; change the rule first, or let buyers ask for a contract."
        ),
    ),
    "offer.exhausted": (
        409,
        lazy("This offer was accepted as often as it may be. Ask the provider for a contract instead."),
    ),
    "offer.sold_once": (422, lazy("This listing is sold once: let the offer be accepted once.")),
    "offer.wrong_state": (409, lazy("The standing offer is in another state; `state` names it.")),
    "offer.other_terms": (409, lazy("The contract does not accept the offer that it names; do not sign it.")),
    "contract.not_canonical": (422, lazy("A value cannot be written in canonical JSON.")),
    "terms.invalid": (422, lazy("A term of the contract cannot be accepted; `fault` says which.")),
    "money.invalid": (422, lazy("Write an amount in yuan such as 1280.50.")),
    "identifier.invalid": (422, lazy("An identifier has the wrong form or a wrong check character.")),
    "number.invalid": (422, lazy("A number has the wrong form or a wrong check character.")),
    "document.not_rendered": (422, lazy("The document could not be typeset; `fault` says why.")),
    "document.uncovered_character": (
        422,
        lazy("A character cannot be printed with the fonts of the exchange; write it another way."),
    ),
    "contract.not_signed": (404, lazy("Nobody has signed this contract yet.")),
    "key.not_held": (
        409,
        lazy("This exchange holds no keys for parties. Make a signing key of your own and sign with that."),
    ),
    "signature.not_prepared": (
        404,
        lazy(
            "There is no such preparation of yours: it was used, or it is too old. Prepare the signature again."
        ),
    ),
    "signature.outdated": (
        409,
        lazy(
            "The file has changed since the signature was prepared. Look at it and prepare the signature again."
        ),
    ),
    "signature.passkey_needed": (
        403,
        lazy("You have a passkey: confirm by it what you sign. Open the contract again and sign there."),
    ),
    "signature.too_late": (409, lazy("The time to complete this signature is over. Prepare it again.")),
    "signature.invalid": (
        422,
        lazy("The signature does not belong to what was prepared and to your key; sign what was prepared."),
    ),
    "key.not_published": (409, lazy("The signing key is not published yet; try again in a moment.")),
    "key.mismatch": (409, lazy("The key file does not belong to the published key; ask the operator.")),
    # certificates of parties
    "authority.no_file": (404, lazy("The authority publishes no such file.")),
    "certificate.not_found": (404, lazy("There is no such key.")),
    "certificate.key_known": (
        409,
        lazy("This key has or had a certificate here. Make a new key and use that."),
    ),
    "certificate.too_many": (
        409,
        lazy("The organisation has as many keys in use as it may. Revoke those nobody needs."),
    ),
    "certificate.revoked": (409, lazy("This key was taken out of use. Sign with another one.")),
    "certificate.expired": (409, lazy("This certificate is not valid now. Get a new one.")),
    "certificate.request_malformed": (
        422,
        lazy("This cannot be read. Send PEM, or base64 of DER (RFC 2986, RFC 5280)."),
    ),
    "certificate.key_refused": (
        422,
        lazy("Parties sign with P-256 keys, or with RSA keys of 3072 to 8192 bits kept outside a browser."),
    ),
    "certificate.not_possessed": (422, lazy("The key did not sign this. Sign with the key itself.")),
    "certificate.challenge_unknown": (
        422,
        lazy("This challenge is not ours or too old. Ask for a new one."),
    ),
    "certificate.not_for_signing": (
        422,
        lazy("This certificate is not valid now, or not made for signing documents."),
    ),
    "certificate.chain_broken": (
        422,
        lazy("Send the certificates above yours in order: its issuer first, a root last, all valid now."),
    ),
    # trades and money
    "trade.not_found": (404, lazy("There is no such trade.")),
    "trade.not_in_force": (
        404,
        lazy("The contract is not in force yet, so there is no trade; `contract` leads to it."),
    ),
    "object.not_found": (404, lazy("There is no such object.")),
    "agreement.ended": (409, lazy("The agreement has ended; nothing more can be done with this trade.")),
    "agreement.wrong_state": (409, lazy("The agreement is in another state; `state` names it.")),
    "settlement.nothing_due": (
        409,
        lazy("Nothing is due: the trade is free of charge, paid, or was cancelled."),
    ),
    "settlement.not_yet": (
        409,
        lazy("The next instalment cannot be paid yet: its period has not begun."),
    ),
    "settlement.spent": (409, lazy("This money has already been sent the other way.")),
    "settlement.wrong_state": (409, lazy("The settlement is in another state; `state` names it.")),
    "acceptance.spoken": (
        409,
        lazy("The delivery is already accepted or rejected; that cannot be changed."),
    ),
    "acceptance.not_delivered": (
        409,
        lazy("Nothing was delivered in full yet; fetch the whole file first."),
    ),
    "acceptance.wrong_state": (409, lazy("The acceptance is in another state; `state` names it.")),
    "rejection.not_begun": (409, lazy("Nothing was fetched yet; cancel the trade instead.")),
    "cancellation.begun": (409, lazy("The delivery has begun; accept it, or reject it with a reason.")),
    "dispute.open": (409, lazy("A dispute waits for the operator's ruling.")),
    "dispute.none": (409, lazy("There is no dispute to rule on.")),
    "ruling.no_part": (
        422,
        lazy(
            "To divide a price, give the part for the buyer: more than 0, less than all. Else give no amount."
        ),
    ),
    "ruling.not_in_rules": (
        409,
        lazy("The rule book of this trade lets the price go one way only, undivided."),
    ),
    "chargeback.open": (
        409,
        lazy(
            "The buyer's bank questions this payment; nothing of it is released or refunded until it decides."
        ),
    ),
    "chargeback.not_found": (404, lazy("There is no such chargeback.")),
    "chargeback.answered": (
        409,
        lazy("This chargeback was answered already; the bank reads one answer only."),
    ),
    "chargeback.over": (409, lazy("The bank has decided on this chargeback.")),
    "chargeback.too_late": (409, lazy("The time to answer this chargeback is over.")),
    "chargeback.inquiry": (
        409,
        lazy("The bank only asks and has taken nothing, so there is nothing to accept."),
    ),
    "chargeback.wrong_state": (409, lazy("The chargeback is in another state; `state` names it.")),
    "redress.nothing_released": (409, lazy("Nothing of the price was released that could be paid back.")),
    "redress.too_late": (
        409,
        lazy("The term of the agreement is over; after it nothing is paid back through the exchange."),
    ),
    "redress.running": (409, lazy("A redress runs already; wait until it is closed.")),
    "redress.too_much": (
        422,
        lazy("No more can be paid back than was released and is not paid back yet."),
    ),
    "redress.not_in_rules": (
        409,
        lazy("The rule book of this trade knows no redress after a release."),
    ),
    "redress.wrong_state": (409, lazy("The redress is in another state; `state` names it.")),
    "dispute.wrong_state": (409, lazy("The dispute is in another state; `state` names it.")),
    "agreement.suspended": (
        409,
        lazy("The agreement is suspended; wait until the provider lets it go on."),
    ),
    "agreement.not_suspended": (409, lazy("The agreement is not suspended.")),
    "termination.money_open": (
        409,
        lazy(
            "The price is due or held. Pay or cancel, accept or reject first; then the agreement can be ended."
        ),
    ),
    "termination.not_agreed": (
        409,
        lazy("The signed contract does not let you end it on this ground; read its article on term and end."),
    ),
    "suspension.not_agreed": (
        409,
        lazy("The signed contract does not let you suspend it; read its article on change."),
    ),
    "notice.running": (409, lazy("A notice runs already; take it back before you give another.")),
    "notice.none": (409, lazy("No notice runs that could be taken back.")),
    "notice.not_yours": (403, lazy("The other side gave this notice; only it can take it back.")),
    "notice.wrong_state": (409, lazy("The notice is in another state; `state` names it.")),
    "amendment.open": (
        409,
        lazy("A proposal to amend the contract is open already; answer or withdraw it first."),
    ),
    "amendment.term_over": (
        422,
        lazy("Counted from the day the contract came into force, this term is over already."),
    ),
    "renewal.already": (
        409,
        lazy("The contract is being renewed, or was renewed already; go on with the renewal."),
    ),
    "renewal.deleted": (
        409,
        lazy("The data are stated to be deleted; ask for a new contract over the listing."),
    ),
    "moment.invalid": (422, lazy("Write a day such as 2026-11-22, or a moment with its time zone.")),
    "moment.ahead": (422, lazy("This day lies ahead; nobody knows what will be in force then.")),
    "duty.none": (409, lazy("Nothing is to be deleted under this trade, or it was stated already.")),
    "duty.not_yet": (422, lazy("This day lies ahead; state the deletion when it is done.")),
    "duty.not_certified": (
        422,
        lazy("The contract asks for a deletion certificate: say which copies were deleted, and how."),
    ),
    "duty.wrong_state": (409, lazy("The duty is in another state; `state` names it.")),
    # delivery
    "grant.not_found": (404, lazy("There is no such delivery.")),
    "grant.wrong_state": (409, lazy("The grant is in another state; `state` names it.")),
    "transfer.wrong_state": (409, lazy("The delivery is in another state; `state` names it.")),
    "receipt.not_found": (404, lazy("There is no receipt yet: the file has not been fetched in full.")),
    "delivery.too_many_pieces": (
        409,
        lazy("The file was fetched in too many pieces. Go on where a piece ends, or fetch the whole file."),
    ),
    "delivery.not_covered": (409, lazy("The file has not been handed over in full.")),
    "delivery.agreement_ended": (
        403,
        lazy("The agreement has ended; the data can no longer be fetched."),
    ),
    "delivery.agreement_suspended": (403, lazy("The agreement is suspended.")),
    "delivery.asset_suspended": (403, lazy("The registration of the asset is suspended or cancelled.")),
    "delivery.provider_suspended": (403, lazy("The provider is suspended.")),
    "delivery.buyer_suspended": (403, lazy("Your organisation is suspended.")),
    "delivery.charged_back": (
        403,
        lazy("Your bank has taken the price back; the delivery is suspended until it decides."),
    ),
    "delivery.frozen": (403, lazy("The last steps of this were lost; it is frozen. Ask the operator.")),
    "delivery.dispute_suspended": (403, lazy("The delivery was rejected; it is suspended until the ruling.")),
    "delivery.overdue": (
        403,
        lazy("An instalment was not paid in time; pay it first, then the data can be fetched again."),
    ),
    "delivery.not_paid": (403, lazy("The price is not paid yet; pay first.")),
    "delivery.term_over": (403, lazy("Today is outside the term of the contract.")),
    "delivery.days_over": (403, lazy("The time to fetch the data is over.")),
    "delivery.count": (403, lazy("The data have been fetched as often as the contract allows.")),
    "delivery.policy": (403, lazy("The contract does not permit this.")),
    "delivery.policy_unreadable": (403, lazy("The contract's policy cannot be applied. Ask the operator.")),
    # the ledger
    "ledger.no_checkpoint": (404, lazy("No checkpoint of this size was signed.")),
    "ledger.no_file": (404, lazy("The ledger has no such file (yet).")),
    "ledger.no_timestamp": (404, lazy("This checkpoint has no such time stamp.")),
    "ledger.not_logged": (404, lazy("The ledger has no such entry.")),
    "witness.closed": (404, lazy("This exchange witnesses no other log.")),
    "witness.unknown_log": (404, lazy("This exchange does not witness that log.")),
    "ledger.not_published": (
        503,
        lazy("The newest entry is not under a checkpoint yet. Try again in a moment."),
    ),
    "ledger.not_witnessed": (
        503,
        lazy("The witnesses have not cosigned the checkpoint of this entry yet. Try again in a moment."),
    ),
    "ledger.read_only": (
        503,
        lazy(
            "Nothing can be changed now: the operator must first compare the ledger with what was signed. "
            "Reading goes on."
        ),
    ),
    "ledger.form": (422, lazy("The request to the ledger is malformed.")),
}
"""Status and meaning by code."""
