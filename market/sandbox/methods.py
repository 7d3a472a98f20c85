"""Stripe's test cards and wallets: what each of them does when money is to be taken from it.

Source: Stripe, "Testing". A card is named by its alias (``pm_card_visa``) and becomes a payment method of its
own at its first use, as at Stripe. The wallets have no alias there; they are named by their type.
"""

from dataclasses import dataclass

from market.sandbox.calls import Call, Json

CARD_TYPES = ("card",)
WALLETS = ("alipay", "wechat_pay")
TYPES = (*CARD_TYPES, *WALLETS)


@dataclass(frozen=True)
class Method:
    """How a means of payment behaves.

    Attributes:
        label: what the pay page calls it, Chinese and English.
        last4: last digits of the card number.
        type: card, or the wallet's name.
        decline: code, decline code and message of the refusal; empty when it pays.
        authenticates: whether the payer must go to the bank first.
        immediate: whether the money is available at once.
        dispute: why the payer's bank will take it back; empty when it will not.
        inquiry: whether it only asks.
        refund: what becomes of refunds.
    """

    label: tuple[str, str]
    last4: str = ""
    type: str = "card"
    decline: tuple[str, str, str] = ("", "", "")
    authenticates: bool = False
    immediate: bool = False
    dispute: str = ""
    inquiry: bool = False
    refund: str = ""


def _declined(label: tuple[str, str], last4: str, decline_code: str, reason: str = "") -> Method:
    message = f"Your card {reason}" if reason else "Your card was declined."
    return Method(label, last4, decline=("card_declined", decline_code, message))


METHODS: dict[str, Method] = {
    "pm_card_visa": Method(("银行卡", "Card"), "4242"),
    "pm_card_mastercard": Method(("万事达卡", "Mastercard"), "4444"),
    "pm_card_unionpay": Method(("银联卡", "UnionPay card"), "0005"),
    "alipay": Method(("支付宝", "Alipay"), type="alipay"),
    "wechat_pay": Method(("微信支付", "WeChat Pay"), type="wechat_pay"),
    "pm_card_bypassPending": Method(("资金立即可用", "Funds available at once"), "0077", immediate=True),
    "pm_card_authenticationRequired": Method(
        ("需要银行验证", "Bank asks the payer"), "3184", authenticates=True
    ),
    "pm_card_visa_chargeDeclined": _declined(("拒付", "Declined"), "0002", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declined(
        ("余额不足", "Insufficient funds"), "9995", "insufficient_funds", "has insufficient funds."
    ),
    "pm_card_visa_chargeDeclinedLostCard": _declined(("挂失卡", "Lost card"), "9987", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": _declined(("被盗卡", "Stolen card"), "9979", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": Method(
        ("过期卡", "Expired card"), "0069", decline=("expired_card", "expired_card", "Your card has expired.")
    ),
    "pm_card_chargeDeclinedIncorrectCvc": Method(
        ("安全码错误", "Wrong security code"),
        "0127",
        decline=("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    ),
    "pm_card_chargeDeclinedProcessingError": Method(
        ("处理出错", "Processing error"),
        "0119",
        decline=(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Method(
        ("银行验证后余额不足", "Bank asks, then insufficient funds"),
        "3178",
        decline=("card_declined", "insufficient_funds", "Your card has insufficient funds."),
        authenticates=True,
    ),
    "pm_card_createDispute": Method(
        ("付款后争议：欺诈", "Paid, then disputed as fraud"), "0259", dispute="fraudulent"
    ),
    "pm_card_createDisputeProductNotReceived": Method(
        ("付款后争议：未收到", "Paid, then disputed as not received"), "2685", dispute="product_not_received"
    ),
    "pm_card_createDisputeInquiry": Method(
        ("付款后银行询问", "Paid, then the bank asks"), "1976", dispute="fraudulent", inquiry=True
    ),
    "pm_card_pendingRefund": Method(("退款延迟到账", "Refunds take time"), "7726", refund="pending"),
    "pm_card_refundFail": Method(("退款失败", "Refunds fail"), "5126", refund="failed"),
}
"""By alias."""

DECLINED, VISA = "pm_card_visa_chargeDeclined", "pm_card_visa"


def method_of(data: Json) -> Method:
    """Return how a stored payment method behaves."""
    return METHODS[data["_alias"]]


def take(call: Call, named: str, param: str = "payment_method") -> Json:
    """Return the payment method of an id, or a new one for an alias.

    Raises:
        Refusal: 404, neither.
    """
    method = METHODS.get(named)
    if method is None:
        return call.get("payment_method", named, param)
    details: Json = {}
    if method.type == "card":
        details = {
            "brand": _brand(named),
            "checks": None,
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "funding": "credit",
            "last4": method.last4,
            "wallet": None,
        }
    return call.made(
        "payment_method",
        "pm",
        **{method.type: details},
        type=method.type,
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        customer=None,
        metadata={},
        _alias=named,
    )


def _brand(alias: str) -> str:
    known = {"pm_card_mastercard": "mastercard", "pm_card_unionpay": "unionpay"}
    return known.get(alias, "visa")
