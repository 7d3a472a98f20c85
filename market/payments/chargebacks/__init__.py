"""Chargebacks: a payer's bank takes a payment back through the card network, whatever the trade has come to.

It is not the buyer's rejection, which the trade calls a *dispute* and the operator rules on: here the bank decides,
and its money is gone from the exchange's balance the moment it asks. Webhook, event list and the look that is taken
every hour only say "look": the platform's own object is fetched, held against the payment and recorded.

While one is open nothing more of its payment leaves: a refund beside it would pay the buyer twice. What was being
sent when it came is looked up and recorded if it was made, and waits otherwise. Won, everything goes on where it
stood. Lost, what was still held covers it, and what was released is taken back by the room above.

How the platform calls it, and what it is here::

    warning_needs_response warning_under_review   INQUIRY  no money is taken; nothing leaves meanwhile
    needs_response under_review                   OPEN
    won                                           WON      once the money is back
    lost                                          LOST
    warning_closed prevented                      CLOSED   ended without a decision
"""
