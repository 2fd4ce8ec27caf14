"""Names of the variables by which the parts of a container tell each other things, each once.

The entrypoint is the one that sets them; who reads one imports its name from here.
"""

# Set by the entrypoint after a product on the device came out right: what PyTorch calls the device.
PROVEN_DEVICE = "ALTERNATOR_PROVEN_DEVICE"
# Where the bot keeps its state, and the entrypoint its report and its verdicts.
STATE_DIRECTORY = "ALTERNATOR_STATE_DIR"
# Another place of the file that says what an image holds (``image_record``).
VARIANT_FILE = "ALTERNATOR_VARIANT_FILE"
# The bound of each tool in seconds (``time_limit``).
TIMEOUT = "ALTERNATOR_PROBE_TIMEOUT"
