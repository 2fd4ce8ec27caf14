"""What `python -m sandbox` runs: the sandbox Mastodon server."""

from sandbox.server import main

raise SystemExit(main())
