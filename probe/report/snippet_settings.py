"""What every way to start the bot's container shares: its paths, its user and its limits.

compose/compose.yaml, which can import nothing, says the same; a test compares them. The limit of
memory is the model's (``probe.tables.models``).
"""

from probe.tables.models import UNKNOWN_LIMIT

STATE, MODELS = "/var/lib/alternator/state", "/var/lib/alternator/models"
# Docker's and Podman's names of these volumes, as Compose makes them of the project's name and its
# own: so a bot that is started another way finds what it had.
STATE_VOLUME, MODELS_VOLUME = "alternator_state", "alternator_models"
CONFIG = "/etc/alternator/alternator.toml"
USER = 10001  # the image's; user and group have the same number
PIDS_LIMIT = 512
TMP_GIB = 1  # of memory, or of a node's disk: half of the machine's, where nobody says
TMP = f"/tmp:size={TMP_GIB}g,mode=1777"
MEMORY_LIMIT = UNKNOWN_LIMIT  # GiB, where nobody says which model
STOP_S = 20
START_PERIOD_S = 3600  # of the health check: the first start may have a model to download
