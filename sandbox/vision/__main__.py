"""What `python -m sandbox.vision` runs: the sandbox vision endpoint."""

from sandbox.vision.server import main

raise SystemExit(main())
