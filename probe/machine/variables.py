"""Names of the variables by which the parts of a container tell each other things, each once.

The entrypoint is the one that sets them; who reads one imports its name from here. Beside them
stand the names of what an operator sets and more than one package reads.
"""

# Set by the entrypoint after a product on the device came out right: what PyTorch calls the device.
PROVEN_DEVICE = "ALTERNATOR_PROVEN_DEVICE"
# Where the bot keeps its state, and the entrypoint its report and its verdicts.
STATE_DIRECTORY = "ALTERNATOR_STATE_DIR"
# The entrypoint's report in that directory: what this container chose and proved.
REPORT_FILE = "probe.json"
# Another place of the file that says what an image holds (``image_record``).
VARIANT_FILE = "ALTERNATOR_VARIANT_FILE"
# What tells this image from the next one, where a site knows it better (``prove.remembered``).
IMAGE_ID = "ALTERNATOR_IMAGE_ID"
# Where the universal image keeps its locks (``universal.provide``).
LOCKS = "ALTERNATOR_LOCKS"
# Where it installs the builds of torch.
BUILDS_DIRECTORY = "ALTERNATOR_BUILDS_DIR"
# The bound of each tool in seconds (``time_limit``).
TIMEOUT = "ALTERNATOR_PROBE_TIMEOUT"
# The bot's configuration file (``operator_config``).
CONFIG_FILE = "ALTERNATOR_CONFIG"
# The Whisper model, before the configuration's.
WHISPER_MODEL = "ALTERNATOR_WHISPER_MODEL"
# How much memory compose lets the bot's container take, such as 16g.
MEMORY_LIMIT = "ALTERNATOR_MEMORY_LIMIT"
# Set to anything: the trace of a defect of ours is printed.
DEBUG = "ALTERNATOR_DEBUG"
