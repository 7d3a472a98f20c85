"""Inspections by third parties: accredited bodies attach what they measured in registered data and signed (R2.9)."""
