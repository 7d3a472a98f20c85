"""The four-eyes rule: when a second person of an organisation must approve a document before it is signed.

An administrator sets the rule for the organisation; whoever signs is let through only when another person, with the
role of approver or administrator, has approved that very document by its digest. The room knows documents by number,
digest and price alone, so that whatever is to be signed can ask it: :func:`market.approvals.gate.require`.
"""
