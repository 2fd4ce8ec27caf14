"""``python -m probe`` is ``alternator probe``, for where the distribution is not installed."""

import sys

from probe.cli import probe
from probe.errors import UserError

try:
    sys.exit(probe(sys.argv[1:]))
except UserError as error:
    print(f"alternator probe: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
except KeyboardInterrupt:
    sys.exit(130)
