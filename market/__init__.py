"""The exchange: composes contracts and the ledger, and faces the web, money and storage.

Rooms, from the top down; an import goes only downward (``import-linter`` holds it)::

    cli doctor serve wsgi app demo verify   where parts meet; the demo drives the product over HTTP only
    oversight  home                     the auditors' desk and the evidence bundle; what waits for each: they only read
    trades                              the life of a trade, one file a state machine
    contracting  payments  delivery     siblings that know no trade
    catalog                             listings and search
    texts                               model texts in public, and the form that fills their blanks
    registry                            assets, revisions, rights, registration
    inspection                          measuring bytes in a child process
    approvals                           when a second person must approve what is signed, and whether one did
    participants  keys                  organisations, people, roles, tokens, sessions; party keys
    steps                               the Step row, record(), kinds, vault: the only importer of ledger.store
    rules fields jobs permissions storage mail bundle paging forms
    db errors problems actor config clock i18n words data

Beside them stand ``migrations static translations`` and ``sandbox`` (the Stripe-speaking development
server, importable by ``cli`` alone).

Rules of the house:

* A feature has ``models schemas service api pages``, only what it needs; ``api``/``pages`` call
  ``service``, ``service`` uses ``models``; between features call the other's service, never its models.
* Every registration, decision and trade step is one service function in one transaction: lock, rule
  and permission, change rows, ``steps.record()``. Services take a session and never commit.
* Nothing commits but :mod:`market.db`, with :mod:`market.turn`. No network, child process or large file inside a
  transaction.
* Any room may queue a job by name; ``app.py`` binds names to handlers: that is the only way up.
"""
