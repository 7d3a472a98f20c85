"""Who trades: organisations, the people in them, their roles, and how they prove who they are.

* An *organisation* applies with its names, credit code and first person; the operator verifies or
  refuses it, suspends and restores it, each time with a reason (rules R1.1 to R1.5).
* A *user* is a person, a *member* is that person in one organisation with a set of roles, an
  *invitation* lets an administrator bring a colleague in.
* Each of these steps has a ledger handle of its own, so that nobody can follow an organisation or a
  person through the public leaves; names, addresses and telephone numbers are personal columns.
* Passwords, sessions, API tokens and failed attempts are not stateful: they are ways in, not steps.

This room knows nothing of assets, contracts or money. What follows from a verified organisation (its
payment account, its signing key) is queued as the job ``organisation.verified``.
"""
