"""Many payments in bad weather: lost answers, refusals by overload, events several times and in any order.

Every trade's money still comes in once and leaves once, and the books say what the platform's own lists say.
"""

from market.actor import Actor
from tests.conftest import CI, tell
from tests.market.payments import storm
from tests.market.payments.conftest import Money

MANY = 100 if CI else 12


def test_every_payment_ends_once_and_the_books_are_the_platforms(
    money: Money, provider: Actor, buyer: Actor
) -> None:
    tell("weather", storm.weathered(money, provider, buyer, MANY))
