"""The decoder's process: one order, one reply, the end. Its limits were set before it began.

``python -m alternator.media.decoder.main ORDER``; see ``protocol.py``.
"""

import os
import sys
from contextlib import suppress

from alternator.media.decoder.protocol import Order, Reply


def main() -> int:
    """Answers on what was the standard output; a reader's own words go nowhere."""
    answer = os.dup(1)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  pathlib would be imported for it
        os.dup2(nowhere.fileno(), 1)
    order = Order.from_json(sys.argv[1])
    reply = _reply_to(order)
    with suppress(BrokenPipeError), os.fdopen(answer, "wb") as pipe:
        pipe.write(reply.to_bytes())
    # Not the interpreter's own end, which would free what readers left, damaged or not.
    os._exit(0)


def _reply_to(order: Order) -> Reply:
    try:
        from alternator.media.decoder.fault import FaultError
        from alternator.media.decoder.viewing import views_of_frames, views_of_picture
    except MemoryError:
        return Reply(fault="memory")
    try:
        files = []
        for descriptor in order.files:
            with os.fdopen(descriptor, "rb") as file:
                files.append(file.read())
        if len(files) == 1:
            return views_of_picture(files[0], order.media_type, order.longest_side)
        return views_of_frames(files, order.media_type, order.longest_side, order.most)
    except FaultError as error:
        return Reply(fault=error.fault, detail=error.detail)
    except MemoryError:
        return Reply(fault="memory")
    except Exception as error:  # noqa: BLE001  readers raise all kinds of errors for damaged files
        return Reply(fault="damaged", detail=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
