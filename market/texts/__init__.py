"""Model texts in public, and the form that fills their blanks.

Anybody reads a text here in either language or both, sees what changed between two versions, checks its digest and
takes a blank form of it as PDF, without an account.  The form (:mod:`market.texts.form`) is made from the blanks that a
text declares and from nothing else: listings and counter-offers ask with the same fields and read the same answers, so
a new text needs no new page.  Nothing of this room is stored, and nobody is bound by anything in it.
"""
