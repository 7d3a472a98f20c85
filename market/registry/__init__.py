"""Registering assets: whose they are, what they are made of, and that the exchange looked.

An *asset* is what a provider registers; a *revision* is one exact file of it, named by digest; an
*inspection* is what the exchange measured in that file. A provider states the *source* and claims
*rights* (hold, process and use, operate); stating is all that a claim is, nobody verified ownership.

The life of a registration: drafted with its file, measured, submitted, reviewed, in public notice,
registered under a number. The same data are not registered twice: an earlier asset is named to the
submitter only if it is public or the submitter's own; otherwise the reviewer is told.

What was found in the file may stop it (:mod:`market.registry.screening`): undeclared personal data, something on the
negative list, rows that point at people. A reviewer corrects a finding; the operator alone releases, at the provider's
request, from exactly what stood in the way.

This room knows no listing and no trade. Suspending, restoring and cancelling a registered asset must
reach grants too, so :mod:`market.trades.suspension` alone takes those steps; here are only their rows.
"""
