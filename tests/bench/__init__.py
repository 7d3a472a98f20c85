"""What the exchange costs, measured: ``make bench``.

Every figure stands beside a baseline of the same run on the same machine, since other work changes all of them
together; quote the ratio. Processor time is that of the product's own processes (on PostgreSQL the database's comes
on top). No figure is a test: a busy machine must not turn a build red.
"""
