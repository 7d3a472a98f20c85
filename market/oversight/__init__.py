"""Looking, never touching: the auditors' desk, the public ledger, and evidence bundles.

Nothing here writes a row. An auditor sees every entry of a trade with its inclusion proof and what its commitments
open to; a party sees its own trade, less what concerns others alone (:mod:`~market.oversight.visibility` is the whole
table). The same openings, with the contract and every proof, leave the house as an **evidence bundle** that a
stranger checks offline (:mod:`market.verify`). The public sees checkpoint and tiles, which say nothing but that
something happened.

:mod:`~market.oversight.publishing` signs checkpoints on a beat of one second; on PostgreSQL
:mod:`~market.oversight.sequencing` gives committed entries their index, within a tenth of a second.
"""
