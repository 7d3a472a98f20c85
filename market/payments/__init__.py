"""Money in, money held by the platform, money out: operations, books and the payment platform.

Words: an *account* is the provider's connected account; an *operation* is one intended outside call
(checkout, transfer, refund, reversal, account) with its attempt; a *posting* moves a positive amount from one
book account to another, so the books balance by construction; an *inbox* row is one webhook event.

Rules of the room:

* A charge is taken on the exchange's own account and transferred to the provider on acceptance
  ("separate charges and transfers"), one ``transfer_group`` a trade. This is not escrow and is never
  called so.
* Every outside call is an operation row committed first, then the call outside any transaction with
  the idempotency key ``<kind>:<operation id>:<attempt>``, then its outcome as a step of its own with
  the postings of the money that moved. A lost answer is *unknown*, never *failed*.
* A webhook only says "look": the object is fetched again and amount, currency, mode and group are
  compared before a posting is written.
* A bank is the second processor (:mod:`market.payments.bank`): the same operations, states and books, but what a call
  is at the platform, two people are there. What leaves a payment leaves by the processor that it came in by.
* The room knows no trade. It is given a trade's handle and number and queues what follows by name.
* Test money only where the exchange itself is on loopback; there is no mock class and no unsigned path.

What a payment is called here, and where the trade's settlement stands meanwhile. Only :mod:`market.trades` moves
it, in a step of its own after the outcome, so beside an outcome stand the state before and the one after. A test
reads this table and holds real trades against it::

    payment      operation          settlement
    planned      checkout PLANNED   DUE CANCELLED
    waiting      checkout OPEN      DUE CANCELLED
    failed       checkout FAILED    DUE CANCELLED
    expired      checkout EXPIRED   DUE CANCELLED
    held         checkout OK        DUE FUNDED CANCELLED
    releasing    transfer PLANNED   FUNDED
    delayed      transfer FAILED    FUNDED
    released     transfer OK        FUNDED RELEASED PARTIAL
    returning    refund PLANNED     FUNDED CANCELLED RELEASED PARTIAL
    delayed      refund FAILED      FUNDED CANCELLED RELEASED PARTIAL
    returned     refund OK          FUNDED REFUNDED CANCELLED RELEASED PARTIAL
    recovering   reversal PLANNED   RELEASED PARTIAL
    owed         reversal FAILED    RELEASED PARTIAL
    recovered    reversal OK        RELEASED PARTIAL

CANCELLED means that the trade ended unpaid: a page is then closed, and what is paid on it all the same goes back.
PARTIAL is a price that a ruling divided: recorded once both the transfer and the refund are made. What is refunded
after the release, and taken back from the provider for it, moves the settlement no more.
A chargeback (:mod:`market.payments.chargebacks`) leaves the settlement where it is until the bank decides. Lost while
the money is held it makes it REFUNDED without a refund of ours, and what was planned of it is FAILED for good; a part
leaves it FUNDED with less; after the release it moves the settlement no more.
At the bank an announced transfer is ``checkout OPEN`` at once, an order that waits to be made is PLANNED, one that the
bank refused is FAILED until it is planned again, and there is no reversal: what should come back is owed.
Money astray (``checkout STRAY``, and the refund of it) funds nothing and so moves no settlement, wherever that stands.
"""
