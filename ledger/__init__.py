"""What happened, in order, checkably.

The room exists so that a stranger can check the exchange's history without the exchange: against a
checkpoint kept elsewhere, with the standard library, ``cryptography`` and these few files alone. So the
history must outlive the product that writes it, and this room knows nothing of trades, people or money.
It works in a database session it is given and never commits; `market` says when.

Words:

* **entry**: one thing that happened, as a value. Its **leaf** is the entry's canonical JSON bytes,
  permanent and public from the first one: names, prices and digests stand in it only as commitments.
* **commitment**: SHA-256 over a random salt and one field; **opening** it means showing salt and value.
* **handle**: a random name shared by the entries of one object; ``seq`` counts them without a gap, so an
  omitted entry shows.
* **index**: the place of an entry in the log. On SQLite it is given inside the writer's transaction; on
  PostgreSQL a **sequencer** gives it just after, because a lock held over a commit would cost the
  database its group commit.
* **checkpoint**: origin, size and root of the Merkle tree (RFC 6962), signed as a C2SP note. **Tiles** are
  the tree and its leaves as static files (C2SP tlog-tiles). An **inclusion proof** shows that an entry is
  under a checkpoint, a **consistency proof** that a later checkpoint only added.
* **policy**: the log and witness keys a verifier trusts, got elsewhere (C2SP tlog-policy).

Rules kept here: hashing is RFC 6962 and nothing home-made; `store.append` is the only writer; a checkpoint is
signed only over what was read back after a durable commit and only if it extends the last one; every text
has exactly one accepted form. `verify`, `__main__` and whatever they import (`archive`, `audit`, `canonical`,
`checkpoint`, `cosign`, `entry`, `evidence`, `merkle`, `note`, `policy`, `proof`, `rotation`, `tiles`) know no database,
so that an auditor can carry them away; hence this file imports nothing.
"""
