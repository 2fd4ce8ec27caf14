"""``python -m images`` is ``alternator images``, without the project being installed."""

import sys

from images.cli import main
from probe.errors import UserError

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        print(f"alternator: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
