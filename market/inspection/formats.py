"""Which files can be measured, by the ending of their name. Light: the server imports it."""

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
JSON_LINES = "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MEDIA_TYPES = {
    ".csv": CSV, ".tsv": CSV, ".parquet": PARQUET, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES, ".xlsx": XLSX,
}  # fmt: skip
"""What is accepted; text may be compressed besides."""
NAMES = {CSV: "CSV", PARQUET: "Parquet", JSON_LINES: "JSON Lines", XLSX: "Excel"}
"""What each is called, in any language."""
COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
"""Endings of compressed text, after the ending of what it is."""


def media_type_of(filename: str) -> str | None:
    """Return the media type that a file name promises, None when it is not accepted."""
    name = filename.lower()
    packed = next((ending for ending in COMPRESSED if name.endswith(ending)), "")
    plain = name.removesuffix(packed)
    found = next((kind for ending, kind in MEDIA_TYPES.items() if plain.endswith(ending)), None)
    return None if packed and found in {PARQUET, XLSX} else found
