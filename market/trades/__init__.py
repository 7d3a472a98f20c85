"""The life of a trade from the day its contract is in force: one file a state machine.

Six machines, four of which gate one another, each an enum, a table and one ``advance``:

* :mod:`~market.trades.settlement`: the money, one for each instalment (none when the signed price is 0);
* :mod:`~market.trades.acceptance`: the buyer's word on what was delivered, or the deadline's;
* :mod:`~market.trades.dispute`: a rejection waits here for the operator's ruling;
* :mod:`~market.trades.agreement`: whether the contract is in force;
* :mod:`~market.trades.notice`: a notice that ends it early, on a ground that the signed text gives
  (:mod:`~market.trades.grounds`);
* :mod:`~market.trades.duty`: the deletion that is owed after the end.

What a person may do and what the exchange owes as they stand is one pure table, :mod:`~market.trades.acts`.
The steps live beside it: :mod:`~market.trades.opening` (the contract comes into force, the buyer pays),
:mod:`~market.trades.decisions` (accept, reject, cancel, rule), :mod:`~market.trades.ending` (notice, end at
once, suspension for a breach), :mod:`~market.trades.exits` (what is owed after any end),
:mod:`~market.trades.amending` (another contract between the same parties takes the place of the one in force;
:mod:`~market.trades.consolidated` tells which was in force when),
:mod:`~market.trades.following` (what a payment, a delivery, a transfer or a refund means) and
:mod:`~market.trades.deadlines` (nobody acted).
Payments and delivery know no trade: they queue a job by name, and the application binds the name to a
function here.

Money never sticks: from every state that can be reached with money held there is a step that some actor
or some deadline may take towards RELEASED or REFUNDED. A test walks the table.

The one other task of this room is :mod:`~market.trades.suspension`: whatever suspends, restores or cancels
an asset or an organisation passes through it, so that the grants close in the same transaction.
"""
