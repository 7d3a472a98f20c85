"""A small document that can be signed, for tests in which the typesetter does not matter."""

import hashlib


def leaflet(words: bytes) -> bytes:
    """Return a PDF of one empty page; other words give other bytes."""
    name = hashlib.sha256(words).hexdigest().encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"<</Size 4/Root 1 0 R/ID[<%s><%s>]>>" % (name[:32], name[:32])
    return out + b"xref\n0 4\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (table, trailer, len(out))
