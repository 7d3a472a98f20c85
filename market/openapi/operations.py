"""What the description says of each operation beyond its schemas: name, scope, refusals, headers.

A test holds this table against the routes both ways, and the fuzzer holds it against the answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from market.actor import Scope
from market.permissions import ACTIONS


@dataclass(frozen=True)
class Operation:
    """One method of one address.

    Attributes:
        id: its name for generated clients.
        scopes: alternatives of what a token must be made for; empty where no token is needed.
        open: whether it also answers without a token.
        refusals: statuses beyond those that follow from its token, its address and its body.
        keyed: whether it takes an ``Idempotency-Key``.
        file: whether it answers with a file that never changes (ETag, If-None-Match).
        ranged: whether parts of that file can be asked for.
    """

    id: str
    scopes: tuple[Scope, ...] = ()
    open: bool = False
    refusals: frozenset[int] = frozenset()
    keyed: bool = False
    file: bool = False
    ranged: bool = False


def _read(id: str, *refusals: int, open: bool = False, file: bool = False) -> Operation:
    return Operation(id, (Scope.READ,), open, frozenset(refusals), file=file)


def _act(id: str, *actions: str, keyed: bool = False, refusals: tuple[int, ...] = (409,)) -> Operation:
    scopes = tuple(dict.fromkeys(ACTIONS[action].scope for action in actions))
    return Operation(id, scopes, refusals=frozenset(refusals), keyed=keyed)


def _public(id: str, *refusals: int, keyed: bool = False) -> Operation:
    return Operation(id, refusals=frozenset(refusals), keyed=keyed)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /api/v1/tokens": _public("createToken", 401, 409, 429),
    "POST /api/v1/second-factor": _public("beginAuthenticatorApp", 401, 409, 429),
    "POST /api/v1/second-factor/confirmation": _public("confirmAuthenticatorApp", 401, 404, 409, 429),
    "GET /api/v1/tokens": _read("listTokens"),
    "DELETE /api/v1/tokens/{token_id}": Operation("revokeToken", (Scope.MEMBERS,)),
    "POST /api/v1/organisations": _public("applyAsOrganisation", 409, 429, keyed=True),
    "GET /api/v1/organisations": _act("listOrganisations", "organisation.list", refusals=()),
    "POST /api/v1/organisations/{organisation_id}/decision": _act(
        "decideOrganisation", "organisation.decide"
    ),
    "POST /api/v1/organisations/{organisation_id}/accreditation": _act(
        "accreditOrganisation", "organisation.accredit"
    ),
    "POST /api/v1/members/invitations": _act("inviteMember", "member.invite", keyed=True),
    "POST /api/v1/invitations/{token}": _public("acceptInvitation", 409, 429),
    "GET /api/v1/members": _read("listMembers"),
    "PUT /api/v1/members/{user_id}/roles": _act("changeMemberRoles", "member.change"),
    "DELETE /api/v1/members/{user_id}": _act("removeMember", "member.remove"),
    "GET /api/v1/me": _read("showMe"),
    "GET /api/v1/approval-rule": _read("showApprovalRule"),
    "PUT /api/v1/approval-rule": _act("setApprovalRule", "approval.rule"),
    "POST /api/v1/signing-keys": _act("requestCertificate", "certificate.request", keyed=True),
    "GET /api/v1/signing-keys": _read("listSigningKeys"),
    "GET /api/v1/signing-keys/{certificate_id}": _read("showSigningKey"),
    "POST /api/v1/signing-keys/challenge": _act("challengeKey", "certificate.request", refusals=()),
    "POST /api/v1/signing-keys/own": _act("registerCertificate", "certificate.request", keyed=True),
    "POST /api/v1/signing-keys/{certificate_id}/revocation": _act("revokeCertificate", "certificate.revoke"),
    "POST /api/v1/assets": _act("draftAsset", "asset.draft", keyed=True),
    "GET /api/v1/assets": _read("listAssets"),
    "GET /api/v1/assets/{asset_id}": _read("showAsset"),
    "GET /api/v1/assets/{asset_id}/inspection": _read("showInspection"),
    "GET /api/v1/assets/{asset_id}/declaration": _read("showDeclaration"),
    "PUT /api/v1/assets/{asset_id}/declaration": _act("declareAsset", "asset.declare"),
    "GET /api/v1/assets/{asset_id}/cleaning": _read("listCleanings"),
    "POST /api/v1/assets/{asset_id}/cleaning": _act("cleanAsset", "asset.clean", keyed=True),
    "POST /api/v1/assets/{asset_id}/submission": _act("submitAsset", "asset.submit"),
    "POST /api/v1/assets/{asset_id}/review": _act("reviewAsset", "asset.review"),
    "POST /api/v1/assets/{asset_id}/corrections": _act("correctFinding", "asset.correct"),
    "POST /api/v1/assets/{asset_id}/appeal": _act("appealAsset", "asset.appeal"),
    "POST /api/v1/assets/{asset_id}/release": _act("releaseAsset", "asset.release"),
    "GET /api/v1/assets/{asset_id}/updates": _read("listUpdates"),
    "POST /api/v1/assets/{asset_id}/updates": _act(
        "reviseAsset", "asset.draft", keyed=True, refusals=(404, 409, 413)
    ),
    "POST /api/v1/assets/{asset_id}/updates/submission": _act("submitUpdate", "asset.submit"),
    "POST /api/v1/assets/{asset_id}/updates/withdrawal": _act("withdrawUpdate", "asset.submit"),
    "POST /api/v1/assets/{asset_id}/updates/review": _act("reviewUpdate", "asset.review"),
    "POST /api/v1/certificates/{number}/attestations": _act("attestInspection", "asset.attest"),
    "POST /api/v1/assets/{asset_id}/{act}": _act("decideAsset", "asset.suspend", "asset.cancel"),
    "GET /api/v1/texts": _public("listModelTexts"),
    "GET /api/v1/texts/{name}/{version}": _public("showModelText"),
    "POST /api/v1/texts/{name}/{version}/form": _public("printBlankForm", 429),
    "GET /api/v1/listings": _public("searchListings"),
    "POST /api/v1/listings": _act("draftListing", "listing.draft", keyed=True, refusals=(404, 409)),
    "GET /api/v1/listings/{number}": _read("showListing", open=True),
    "GET /api/v1/listings/{number}/inspection": _read("showListingInspection", open=True),
    "POST /api/v1/listings/{number}/publication": _act(
        "publishListing", "listing.publish", refusals=(409, 422)
    ),
    "POST /api/v1/listings/{number}/suspension": _act("suspendListing", "listing.suspend"),
    "POST /api/v1/listings/{number}/restoration": _act("restoreListing", "listing.restore"),
    "POST /api/v1/listings/{number}/revision": _act("moveListing", "listing.publish"),
    "POST /api/v1/listings/{number}/withdrawal": _act("withdrawListing", "listing.withdraw"),
    "POST /api/v1/contracts": _act("requestContract", "contract.request", keyed=True, refusals=(404, 409)),
    "GET /api/v1/contracts": _read("listContracts"),
    "GET /api/v1/contracts/{number}": _read("showContract"),
    "GET /api/v1/contracts/{number}/document.pdf": _read("fetchContractDocument", file=True),
    "GET /api/v1/contracts/{number}/contract.json": _read("fetchContractTerms", file=True),
    "GET /api/v1/contracts/{number}/pages/{place}.svg": _read("fetchContractPage", file=True),
    "GET /api/v1/contracts/{number}/signed.pdf": _read("fetchSignedContract", file=True),
    "POST /api/v1/contracts/{number}/signature/preparation": _act("prepareSignature", "contract.sign"),
    "GET /api/v1/contracts/{number}/versions/{seq}": _read("showContractVersion"),
    "GET /api/v1/contracts/{number}/versions/{seq}/document.pdf": _read("fetchVersionDocument", file=True),
    "POST /api/v1/contracts/{number}/offers": _act("offerContract", "contract.offer", keyed=True),
    "POST /api/v1/contracts/{number}/acceptance": _act("acceptContract", "contract.accept"),
    "POST /api/v1/contracts/{number}/remarks": _act("remarkOnContract", "contract.offer", keyed=True),
    "POST /api/v1/contracts/{number}/remarks/{remark_id}/adoption": _act("adoptSuggestion", "contract.offer"),
    "POST /api/v1/contracts/{number}/signature": _act("signContract", "contract.sign"),
    "POST /api/v1/contracts/{number}/approval": _act("approveContract", "contract.approve"),
    "POST /api/v1/contracts/{number}/disapproval": _act("disapproveContract", "contract.approve"),
    "POST /api/v1/contracts/{number}/refusal": _act("declineContract", "contract.decline"),
    "POST /api/v1/contracts/{number}/withdrawal": _act("withdrawContract", "contract.withdraw"),
    "GET /api/v1/offers": _read("listStandingOffers"),
    "POST /api/v1/offers": _act("draftStandingOffer", "offer.open", refusals=(404, 409)),
    "GET /api/v1/offers/{number}": _read("showStandingOffer", open=True),
    "GET /api/v1/offers/{number}/document.pdf": _read("fetchOfferDocument", file=True),
    "GET /api/v1/offers/{number}/contract.json": _read("fetchOfferTerms", file=True),
    "GET /api/v1/offers/{number}/pages/{place}.svg": _read("fetchOfferPage", file=True),
    "GET /api/v1/offers/{number}/signed.pdf": _read("fetchSignedOffer", file=True),
    "POST /api/v1/offers/{number}/signature/preparation": _act("prepareOfferSignature", "offer.open"),
    "POST /api/v1/offers/{number}/signature": _act("signStandingOffer", "offer.open"),
    "POST /api/v1/offers/{number}/withdrawal": _act("withdrawStandingOffer", "offer.withdraw"),
    "POST /api/v1/offers/{number}/acceptances": _act("acceptStandingOffer", "contract.request", keyed=True),
    "POST /webhooks/stripe": _public("takeStripeEvent", 400, 404, 413),
    "GET /api/v1/operations": _act("listPaymentOperations", "operation.list", refusals=()),
    "GET /api/v1/statements/{month}": _act("showStatement", "statement.read", refusals=()),
    "GET /api/v1/money-desk": _act("showMoneyDesk", "reconciliation.look", refusals=()),
    "GET /api/v1/reconciliations": _act("listReconciliations", "reconciliation.look", refusals=()),
    "POST /api/v1/reconciliations": _act("askForReconciliation", "reconciliation.ask", keyed=True),
    "GET /api/v1/reconciliations/{reconciliation_id}": _act(
        "showReconciliation", "reconciliation.look", refusals=()
    ),
    "GET /api/v1/reconciliations/{reconciliation_id}/lines.csv": _act(
        "fetchReconciliationLines", "reconciliation.look", refusals=()
    ),
    "POST /api/v1/reconciliations/{reconciliation_id}/sign-off": _act(
        "signOffReconciliation", "reconciliation.sign"
    ),
    "GET /api/v1/bank-accounts": _act("listBankAccounts", "bank_account.read", refusals=()),
    "POST /api/v1/bank-accounts": _act("enterBankAccount", "bank_account.propose", "bank.act"),
    "POST /api/v1/bank-accounts/{account_id}/confirmation": _act("confirmBankAccount", "bank.act"),
    "POST /api/v1/bank-accounts/{account_id}/closure": _act(
        "closeBankAccount", "bank_account.propose", "bank.act"
    ),
    "GET /api/v1/bank-desk": _act("showBankDesk", "bank.look", refusals=()),
    "POST /api/v1/bank-lines": _act("recordBankLine", "bank.act"),
    "POST /api/v1/bank-lines/{line_id}/confirmation": _act("confirmBankLine", "bank.act"),
    "POST /api/v1/bank-lines/{line_id}/dismissal": _act("dismissBankLine", "bank.act"),
    "POST /api/v1/bank-statements": _act("importBankStatement", "bank.act", refusals=(409, 413)),
    "POST /api/v1/trades/{number}/bank-transfer": _act("announceBankTransfer", "payment.begin"),
    "POST /api/v1/trades/{number}/bank-transfer/withdrawal": _act("withdrawBankTransfer", "payment.begin"),
    "POST /api/v1/trades/{number}/bank-transfer/proof": _act(
        "sendTransferProof", "payment.begin", refusals=(409, 413)
    ),
    "GET /api/v1/trades/{number}/bank-transfer/proof": _act("fetchTransferProof", "proof.read", refusals=()),
    "GET /api/v1/trades": _read("listTrades"),
    "GET /api/v1/trades/{number}": _read("showTrade"),
    "GET /api/v1/trades/{number}/money": _act("showTradeMoney", "trade.money", refusals=()),
    "POST /api/v1/trades/{number}/payment": _act("beginPayment", "payment.begin"),
    "GET /api/v1/trades/{number}/delivery": Operation(
        "fetchDelivery", (Scope.DELIVERY,), refusals=frozenset({409, 416}), file=True, ranged=True
    ),
    "GET /api/v1/trades/{number}/receipt": _read("showReceipt"),
    "GET /api/v1/trades/{number}/updates": _read("listTradeUpdates"),
    "GET /api/v1/trades/{number}/updates/{ordinal}": Operation(
        "fetchTradeUpdate", (Scope.DELIVERY,), refusals=frozenset({409, 416}), file=True, ranged=True
    ),
    "POST /api/v1/trades/{number}/acceptance": _act("acceptDelivery", "acceptance.accept"),
    "POST /api/v1/trades/{number}/rejection": _act("rejectDelivery", "acceptance.reject"),
    "POST /api/v1/trades/{number}/cancellation": _act("cancelTrade", "trade.cancel"),
    "POST /api/v1/trades/{number}/ruling": _act("ruleOnDispute", "dispute.rule"),
    "POST /api/v1/trades/{number}/redress": _act("orderRedress", "redress.order", keyed=True),
    "POST /api/v1/trades/{number}/chargebacks/{chargeback_id}/answer": _act(
        "answerChargeback", "chargeback.answer"
    ),
    "POST /api/v1/trades/{number}/termination": _act("endAgreement", "agreement.end"),
    "POST /api/v1/trades/{number}/retraction": _act("retractNotice", "agreement.end"),
    "POST /api/v1/trades/{number}/suspension": _act("suspendAgreement", "agreement.suspend"),
    "POST /api/v1/trades/{number}/restoration": _act("restoreAgreement", "agreement.suspend"),
    "POST /api/v1/trades/{number}/deletion": _act("stateDeletion", "duty.perform"),
    "POST /api/v1/trades/{number}/amendments": _act("proposeAmendment", "contract.offer", keyed=True),
    "POST /api/v1/trades/{number}/renewal": _act("renewContract", "contract.renew", keyed=True),
    "GET /api/v1/trades/{number}/invoices": _read("listTradeInvoices"),
    "POST /api/v1/trades/{number}/invoices": _act("requestInvoice", "invoice.request", "fee_invoice.request"),
    "GET /api/v1/tax-profile": _read("showTaxProfile"),
    "PUT /api/v1/tax-profile": _act("setTaxProfile", "tax_profile.change"),
    "GET /api/v1/invoices": _read("listInvoices"),
    "GET /api/v1/invoices/export": _act("exportInvoices", "invoice.export", refusals=()),
    "GET /api/v1/invoices/{invoice_id}": _read("showInvoice"),
    "POST /api/v1/invoices/{invoice_id}/issue": _act(
        "issueInvoice", "invoice.issue", "fee_invoice.issue", refusals=(409, 413)
    ),
    "POST /api/v1/invoices/{invoice_id}/refusal": _act("refuseInvoice", "invoice.issue", "fee_invoice.issue"),
    "POST /api/v1/invoices/{invoice_id}/red-letter": _act(
        "reddenInvoice", "invoice.issue", "fee_invoice.issue", refusals=(409, 413)
    ),
    "GET /api/v1/invoices/{invoice_id}/documents/{place}": _read("fetchInvoiceDocument"),
    "GET /api/v1/contracts/{number}/at/{moment}": _read("showContractAt", 422),
    "GET /api/v1/people": _act("findPerson", "person.erase", refusals=(404,)),
    "POST /api/v1/people/{user_id}/erasure": _act("erasePerson", "person.erase"),
    "GET /api/v1/trades/{number}/entries": _read("listTradeEntries"),
    "GET /api/v1/trades/{number}/bundle.zip": _act("exportEvidence", "bundle.export", refusals=()),
    "GET /api/v1/entries": _act("searchEntries", "trade.audit", refusals=()),
    "GET /api/v1/checkpoints": _public("listCheckpoints"),
    "GET /api/v1/checkpoints/{size}": _public("showCheckpoint"),
    "GET /api/v1/checkpoints/{size}/consistency/{old}": _public("proveConsistency"),
    "GET /api/v1/checks": _act("listChecks", "ledger.look", refusals=()),
    "POST /api/v1/checks": _act("askForCheck", "ledger.check", refusals=()),
    "GET /api/v1/entries/{entry_id}": _public("showEntry"),
    "GET /api/v1/entries/{entry_id}/entry.tlog-proof": _public("fetchReceipt"),
    "GET /api/v1/rules": _public("showRules"),
}
"""By method and address, as they stand in the description."""
