"""Invoices (发票): what each side of a deal must issue for what it was paid, kept here and issued elsewhere.

Two documents belong to a deal: the provider invoices the buyer for the data, the operator invoices the provider for
the platform fee (:class:`~market.invoicing.states.Matter`). Whoever paid asks; the seller issues in the system of the
tax authority and brings number, day and file here; when money goes back afterwards, a red-letter invoice is owed.
The exchange talks to no tax authority and cannot tell whether an invoice is genuine: it keeps what was issued
elsewhere, with the SHA-256 of the file in the ledger, and exports what the tax system needs.

The room stands directly above :mod:`market.trades`: it reads trades and the money that moved for them, and nothing
below knows it. What the tax comes to is pure arithmetic (:mod:`~market.invoicing.tax`), what may be invoiced is read
from the payment operations (:mod:`~market.invoicing.reckoning`), and the machine is one table
(:mod:`~market.invoicing.states`).
"""
