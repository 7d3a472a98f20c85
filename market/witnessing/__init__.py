"""Witnesses and mirrors over HTTP: this log's are asked, and other logs are watched for their operators.

*Outwards*: whenever the log has grown, :mod:`market.witnessing.circle` asks the witnesses of the evidence policy side
by side, for a limited time; a checkpoint goes out with what was collected, and who was late is heard at the next beat.
A witness that is down stops nothing.

*Inwards*: ``/witness/add-checkpoint`` cosigns the logs named in ``LEDGER_WITNESSED`` (C2SP tlog-witness; the protocol
itself is :mod:`ledger.witness`). A log with an address is mirrored too: its head is cosigned only when every entry
below it lies here, and ``/witness/<sha256 of the origin>/…`` serves it in the layout of the original. So whoever holds
a cosignature of ours knows that a second house has the entries.

The room knows no trade and writes no step but the one that publishes the witness key.
"""
