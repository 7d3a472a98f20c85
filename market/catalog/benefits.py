"""Public-benefit listings: their price stays within their stated cost, and they permit no commercial use (R3.3)."""

from contracts.facts import Use
from contracts.money import Money
from market.catalog.models import Benefit
from market.errors import Forbidden
from market.i18n import _
from market.rules import CURRENT
from market.rules import benefit as benefits


def cost_faults(benefit: Benefit, cost: int | None, basis: str | None) -> dict[str, list[str]]:
    """Return what is wrong with the cost that a listing states, by the field that must change.

    Args:
        benefit: of the listing.
        cost: minor units; None where none is stated.
        basis: what it is made up of; None where that is not said.
    """
    if cost is None and basis is None:
        return {}
    if benefit is not Benefit.PUBLIC:
        return {"cost": [_("Only a public-benefit listing states its cost.")]}
    if cost is None:
        return {"cost": [_("State the amount of the cost beside its basis.")]}
    if basis is None:
        return {"cost_basis": [_("Say what the cost is made up of; everybody can read it.")]}
    return {}


def require_benefit(
    benefit: Benefit, price: Money, cost: int | None, use: Use, version: int = CURRENT
) -> None:
    """Refuse terms over data of public benefit that are not of public benefit.

    Args:
        benefit: of the listing.
        price: what the terms ask for.
        cost: what the listing states as its cost, in the price's minor units.
        use: what the terms permit.
        version: of the rule book that the terms are made under.

    Raises:
        Forbidden: ``listing.benefit_priced``, ``listing.above_cost`` or ``listing.benefit_commercial`` (rule R3.3).
    """
    if benefit is not Benefit.PUBLIC:
        return
    match benefits.fault(price.amount, cost, use.purposes, use.permitted, version):
        case benefits.Fault.PRICED:
            said = _(
                "A public-benefit listing is free of charge. Set the price to 0, or list it as commercial."
            )
            raise Forbidden("listing.benefit_priced", said, rule=benefits.RULE)
        case benefits.Fault.NO_COST:
            said = _(
                "A public-benefit listing with a price states what the data cost. State it, set the price to 0, or"
                " list it as commercial."
            )
            raise Forbidden("listing.benefit_priced", said, rule=benefits.RULE)
        case benefits.Fault.ABOVE_COST:
            said = _("A public-benefit listing asks for no more than its stated cost. Ask for that at most.")
            raise Forbidden("listing.above_cost", said, rule=benefits.RULE)
        case benefits.Fault.COMMERCIAL:
            said = _(
                "A public-benefit listing permits no product development, no “any lawful purpose” and no selling."
                " List commercial use apart."
            )
            raise Forbidden("listing.benefit_commercial", said, rule=benefits.RULE)
