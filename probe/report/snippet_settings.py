"""What every way to start the bot's container shares: its paths, its user and its limits."""

STATE, MODELS = "/var/lib/alternator/state", "/var/lib/alternator/models"
CONFIG = "/etc/alternator/alternator.toml"
USER = 10001  # the image's; user and group have the same number
PIDS_LIMIT = 512
MEMORY_LIMIT = 16  # GiB: docs/operating.md has what each model takes
STOP_S = 20
