"""Whether our books and the payment platform say the same: a report a day, signed off by a person.

A report covers a window of time. The platform's own list of movements is held against what the books say of the
same charges, transfers and refunds, by the platform's number of each; its balance against ``psp_clearing``. Nothing
is corrected here: a difference is told, and a person finds out.
"""
