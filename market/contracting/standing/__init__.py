"""Standing offers (要约): a provider signs one over its own listing, and any verified buyer makes it a contract.

An offer is drawn up as a draft that binds nobody, and signed by the same means as a contract
(:mod:`~market.contracting.standing.opening`). A buyer who accepts (承诺) gets a contract of its own with the signed
offer attached (:mod:`~market.contracting.standing.accepting`); what counts as acceptance is its signature, in whose
transaction the offer's row is locked and counted (:mod:`~market.contracting.standing.counting`).
"""
