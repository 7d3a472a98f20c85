"""Keys that the exchange holds or publishes: parties', the manifest's, the log's and the witness's.

A *party key* signs contracts for one organisation. It is the party's own, made in a browser or kept outside, and has
a certificate of the exchange's authority or of another. Only where ``EXCHANGE_HELD_KEYS`` allows it the exchange makes
and holds one, in a file of its own under ``$QILU_HOME/keys``, and says so wherever it appears: whoever runs such an
exchange could sign in a party's name. The *manifest key* signs evidence
bundles. The *log key* signs checkpoints and lives in the settings, not here. The *witness key*
cosigns other exchanges' checkpoints.

Every public half stands in a ``key.published`` entry, so that a stranger who trusts nothing but the log
can open each key from the log itself.
"""
