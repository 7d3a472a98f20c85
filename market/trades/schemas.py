"""What comes in and goes out of the routes of trades."""

from marshmallow import fields

from market.contracting.schemas import ChangeOut, ClauseOut
from market.contracting.waiver_schemas import WaiverOut
from market.fields import (
    Cursor,
    Day,
    Digest,
    MinorUnits,
    Number,
    Reason,
    Schema,
    Text,
    Timestamp,
    Uuid,
    one_of,
)
from market.trades.grounds import Cause, Ground


class TradeReasonIn(Schema):
    """A decision that needs its reason."""

    reason = Reason(required=True)


class RulingIn(Schema):
    """What the operator rules: the price goes one way, the other way, or is divided."""

    outcome = one_of("release", "refund", "divide", required=True)
    amount = MinorUnits(
        metadata={"description": "minor units back to the buyer; where the price is divided, and only there"}
    )
    reason = Reason(required=True)


class RulingForm(Schema):
    """What the operator rules, on a page."""

    outcome = one_of("release", "refund", "divide", required=True)
    amount = Text(high=60)
    reason = Reason(required=True)


class RedressIn(Schema):
    """What is paid back of a price that was released."""

    amount = MinorUnits(required=True, metadata={"description": "minor units back to the buyer"})
    reason = Reason(required=True)


class RedressForm(Schema):
    """What is paid back of a price that was released, on a page."""

    amount = Text(high=60, required=True)
    reason = Reason(required=True)


class ChargebackAnswerIn(Schema):
    """What is said to the buyer's bank: the trade's evidence, or that the loss is accepted."""

    answer = one_of("contest", "concede", required=True)


class TerminationIn(Schema):
    """Why a party ends the agreement: a ground that the signed text gives it."""

    ground = one_of(*(ground.value for ground in Ground), required=True)
    reason = Reason(required=True)


class SuspensionIn(Schema):
    """Why the provider suspends the use."""

    cause = one_of(*(cause.value for cause in Cause), required=True)
    reason = Reason(required=True)


class DeletionIn(Schema):
    """What the buyer states of the deletion; the middle two are needed where the contract asks for a certificate."""

    deleted_on = Day(required=True)
    copies = Text(high=2000, lines=True)
    method = Text(high=2000, lines=True)
    kept = Text(high=2000, lines=True)


class StandingIn(Schema):
    """What is decided about a registration, on a page."""

    act = one_of("suspension", "restoration", "cancellation", required=True)
    reason = Reason(required=True)


class TradesQuery(Schema):
    """Where a page of a list begins."""

    cursor = Cursor()


class TradeStepOut(Schema):
    """The step that was taken, with its ledger entry."""

    number = Number()
    kind = fields.String()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class AssetActOut(Schema):
    """The step taken on a registration."""

    asset_id = Uuid()
    kind = fields.String()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)


class TradePaymentOut(TradeStepOut):
    """Where the buyer pays."""

    checkout_url = fields.String()


class TradeNextOut(Schema):
    """Whom the trade waits for."""

    side = fields.String()
    what = fields.String()
    by = Timestamp(allow_none=True)


class TradeEntryOut(Schema):
    """One ledger entry of the trade."""

    kind = fields.String()
    side = fields.String()
    time = Timestamp()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)


class TradeStatesOut(Schema):
    """Where each machine stands; null where the trade has none."""

    contract = fields.String()
    agreement = fields.String()
    settlement = fields.String(allow_none=True)
    transfer = fields.String()
    grant = fields.String()
    acceptance = fields.String()
    dispute = fields.String(allow_none=True)


class TradeNoticeOut(Schema):
    """A notice that runs and ends the agreement on its day."""

    state = fields.String()
    side = fields.String()
    ground = fields.String()
    reason = fields.String()
    given_at = Timestamp()
    effective_at = Timestamp()


class TradeDutyOut(Schema):
    """What the buyer owes after the end, or has stated of it."""

    state = fields.String()
    due_at = Timestamp()
    certified = fields.Boolean(
        metadata={"description": "whether the contract asks for a deletion certificate"}
    )
    deleted_on = fields.String(allow_none=True)
    copies = fields.String(allow_none=True)
    method = fields.String(allow_none=True)
    kept = fields.String(allow_none=True)


class TradeInstalmentOut(Schema):
    """One instalment of the price, with where its money is."""

    ordinal = fields.Integer(metadata={"description": "1, 2, … in the order in which they fall due"})
    label = fields.String(allow_none=True, metadata={"description": "what the contract calls it"})
    state = fields.String(
        metadata={"description": "DUE, FUNDED (held), RELEASED, REFUNDED, PARTIAL, CANCELLED"}
    )
    amount = fields.Integer(metadata={"description": "minor units of the trade's currency"})
    fee = fields.Integer(metadata={"description": "minor units of it that are the platform fee"})
    refund = fields.Integer(metadata={"description": "minor units that a dividing ruling gives back"})
    due_at = Timestamp(metadata={"description": "to be paid by then"})
    period_from = Timestamp(
        allow_none=True, metadata={"description": "of the period paid for, which can be paid from then on"}
    )
    period_until = Timestamp(allow_none=True)


class TradeRedressOut(Schema):
    """What the operator had paid back after the release."""

    state = fields.String(metadata={"description": "ORDERED, REPAID (the buyer has it) or CLOSED"})
    amount = fields.Integer(metadata={"description": "minor units back to the buyer"})
    fee = fields.Integer(metadata={"description": "minor units of it that the exchange gives out of its fee"})
    recovered = fields.Integer(
        allow_none=True,
        metadata={"description": "minor units taken back from the provider; it owes the rest of its part"},
    )
    reason = fields.String()
    ordered_at = Timestamp()


class TradeChargebackOut(Schema):
    """A payment that the buyer's bank questions."""

    id = Uuid()
    state = fields.String(metadata={"description": "INQUIRY, OPEN, WON, LOST or CLOSED"})
    reason = fields.String(metadata={"description": "the card network's word"})
    amount = fields.Integer(metadata={"description": "minor units that are questioned"})
    withdrawn = fields.Integer(metadata={"description": "minor units that the bank has taken"})
    opened_at = Timestamp()
    due_at = Timestamp(allow_none=True, metadata={"description": "the end of the time to answer"})
    answered_at = Timestamp(allow_none=True)


class TradeSummaryOut(Schema):
    """A trade in a list."""

    number = Number()
    title = fields.String()
    provider_id = Uuid()
    buyer_id = Uuid()
    amount = fields.Integer(metadata={"description": "minor units of the currency"})
    currency = fields.String()
    began_at = Timestamp()
    states = fields.Nested(TradeStatesOut)


class ContractLinkOut(Schema):
    """A contract of the trade: the first one, or a proposal to amend it."""

    number = Number()
    state = fields.String()
    amends = fields.Boolean()


class TradeOut(TradeSummaryOut):
    """One trade with its story."""

    fee = fields.Integer(allow_none=True, metadata={"description": "platform fee in minor units"})
    refund = fields.Integer(
        allow_none=True,
        metadata={"description": "minor units that a dividing ruling gives back to the buyer"},
    )
    instalments = fields.List(
        fields.Nested(TradeInstalmentOut),
        metadata={"description": "the parts of the price; `states.settlement` says where all of it is"},
    )
    redresses = fields.List(
        fields.Nested(TradeRedressOut), metadata={"description": "what was paid back after the release"}
    )
    chargebacks = fields.List(fields.Nested(TradeChargebackOut))
    rules = fields.Integer()
    frozen = fields.Boolean(
        metadata={"description": "its last steps were recovered without their values; no other may follow"}
    )
    possible = fields.List(fields.String(), metadata={"description": "what you may do now"})
    next = fields.Nested(TradeNextOut, allow_none=True)
    notice = fields.Nested(TradeNoticeOut, allow_none=True)
    duty = fields.Nested(TradeDutyOut, allow_none=True)
    contracts = fields.List(
        fields.Nested(ContractLinkOut), metadata={"description": "the first one, then proposals to amend it"}
    )
    terms_digest = fields.String(metadata={"description": "of the terms in force: name it to amend them"})
    renews = fields.String(
        allow_none=True, metadata={"description": "number of the trade that this one renews, if it does"}
    )
    renewed_by = fields.String(
        allow_none=True,
        metadata={"description": "number of the contract that renews this trade's, open or in force"},
    )
    waiver = fields.Nested(
        WaiverOut, allow_none=True, metadata={"description": "the startup waiver, if it is under one"}
    )
    timeline = fields.List(fields.Nested(TradeEntryOut))


class TradeUpdateOut(Schema):
    """A newer file that the buyer was told of and may fetch under the same contract."""

    ordinal = fields.Integer(metadata={"description": "1, 2, … in the order of the notices"})
    filename = fields.String()
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "bytes"})
    digest = Digest(metadata={"description": "SHA-256 of the file"})
    changes = fields.String(
        metadata={"description": "what differs from the file before, in the provider's words"}
    )
    notified_at = Timestamp()
    fetch_until = Timestamp(allow_none=True, metadata={"description": "null until the price is paid"})
    open = fields.Boolean(metadata={"description": "whether it can be fetched now"})
    grant = fields.String()
    transfer = fields.String()
    completed_at = Timestamp(allow_none=True, metadata={"description": "when it was handed over in full"})
    entry_id = Uuid(allow_none=True, metadata={"description": "of the receipt"})
    index = fields.Integer(allow_none=True)


class TradeUpdatesOut(Schema):
    """The updates of a trade, the newest first."""

    items = fields.List(fields.Nested(TradeUpdateOut))


class InForceOut(Schema):
    """A contract of the trade that came into force: the first one, or an amendment with what it changed."""

    contract = Number()
    since = Timestamp()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)
    by = fields.String(allow_none=True, metadata={"description": "who proposed the amendment"})
    changes = fields.List(fields.Nested(ChangeOut))
    clauses = fields.List(fields.Nested(ClauseOut))


class ConsolidatedOut(Schema):
    """A trade as it stood at a moment; the text in force is that of `contract`, null before there was one."""

    number = Number(metadata={"description": "of the trade"})
    title = fields.String()
    moment = Timestamp()
    state = fields.String(metadata={"description": "NOT_YET, ACTIVE, SUSPENDED, EXPIRED or TERMINATED"})
    term_from = Timestamp(allow_none=True)
    term_until = Timestamp(allow_none=True)
    contract = fields.String(allow_none=True)
    terms = fields.Dict(allow_none=True)
    terms_digest = fields.String(allow_none=True)
    document_digest = fields.String(allow_none=True)
    final_digest = fields.String(allow_none=True)
    pages = fields.Integer(allow_none=True)
    line = fields.List(
        fields.Nested(InForceOut), metadata={"description": "what came into force by then, oldest first"}
    )


class TradesOut(Schema):
    """One page of trades."""

    items = fields.List(fields.Nested(TradeSummaryOut))
    next = fields.String(allow_none=True)
