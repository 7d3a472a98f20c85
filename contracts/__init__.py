"""What two parties agree, as values, a text, a policy and signatures.

The room stands alone so that a signed contract outlives the exchange that carried it: it knows no web, no payment
and no ledger, and imports neither ``market`` nor ``ledger``.  It is given a database session and a step id by its
caller and never commits.  Parties and assets are named by id only; no foreign key leaves the room.

The words: *terms* are the typed facts of one contract and the single source; the *document* (PDF and SVG pages), the
*policy* (ODRL) and every summary are views of the terms.  A *model* is a published model text with a version, found
under ``templates/contracts``; legal wording is data and lives there, never in Python.  A *statement* is what a party
signs: it names the digests of terms, document and template.  *Negotiation* has exactly the Dataspace Protocol's
states.  *Verification* needs no network and no database.

A text from 1.0 on names and types its own *blanks*; terms hold their values.  Terms of 0.1 have a shape of their own,
kept in :mod:`contracts.first` to be read and verified for ever.  *Versions* of one negotiation are chained by digest,
and an act names the digest it is about, so nobody is bound by a text that was not put before them.

A contract in force is changed by an *amendment* alone: a contract that names the one before it and says exactly what
it changes (:mod:`contracts.amending`).

Signatures stand in the document (PAdES), by keys that the caller's parties hold.  They are electronic signatures, not
可靠电子签名 in the sense of the Electronic Signature Law, art. 13.
"""
