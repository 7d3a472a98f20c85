"""``python -m ledger verify PROOF|BUNDLE [--trust FILE]``: needs the standard library and cryptography alone."""

import sys

from ledger.verify import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
