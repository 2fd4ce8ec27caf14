"""``python -m alternator`` is the ``alternator`` command."""

import sys

from alternator.cli import main

sys.exit(main())
