"""What every way to start the bot's container shares: its paths, its user and its limits.

compose/compose.yaml, which can import nothing, says the same; a test compares them.
"""

from probe.tables.models import UNKNOWN_LIMIT

STATE, MODELS = "/var/lib/alternator/state", "/var/lib/alternator/models"
CONFIG = "/etc/alternator/alternator.toml"
USER = 10001  # the image's; user and group have the same number
PIDS_LIMIT = 512
MEMORY_LIMIT = UNKNOWN_LIMIT  # GiB: docs/operating.md has what each model takes
STOP_S = 20
