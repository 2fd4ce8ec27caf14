"""The process that tells languages: ``python -m alternator.alt_text.language.child``.

A line of JSON in, a text; a line of JSON out, its language and how sure that is. It ends with its
input, or when nobody has asked for a while: with py3langid's model and numpy it takes 105 MB, and
most posts say their language themselves.
"""

import json
import os
import select
import sys

from alternator.alt_text.language.detect import NOT_INSTALLED

IDLE_SECONDS = 60.0


def main() -> int:
    """Answer until the input ends."""
    # Before numpy is imported: each thread of its algebra would take address space for nothing.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        return NOT_INSTALLED
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # Unbuffered: what is buffered here is not seen by select.
    while select.select([0], [], [], IDLE_SECONDS)[0]:
        line = _line()
        if not line:
            break
        code, probability = identifier.classify(str(json.loads(line)))
        print(json.dumps([code, float(probability)]), flush=True)
    return 0


def _line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece:
            return b""
        line += piece
    return line


if __name__ == "__main__":
    sys.exit(main())
