"""Contracts on the exchange: a buyer asks, the document is made, both sign, the contract comes into force.

What a contract *is* stands in the :mod:`contracts` room; here is who may do what with it, as steps. A request takes the
facts of a listing, fills the model text and keeps the document before anybody signs. Each party
then signs the document it was shown, in the file itself, by a key of its own; or, where a setting allows it, by one
that the exchange holds (:mod:`~market.contracting.signing`). ``trades`` puts the contract in force through
:func:`market.contracting.service.finalize`, in the step that begins the trade.
"""
