"""``alternator web``: the dashboard of a cluster, and the pages where members connect."""

import logging

from alternator.media.confined.kernel import keep_memory_private
from alternator.roles.opening import add_arguments, begun
from alternator.stopping import Stop, Stopping
from alternator.website.run import serve
from probe.command_help import command_parser

log = logging.getLogger(__name__)

EXAMPLES = (
    ("alternator web", "serve on [dashboard] host and port"),
    ("alternator members key", "make a key for members' tokens: [signup] key"),
)


def main(argv: list[str]) -> int:
    """Serve the dashboard of a cluster, and the pages where members connect their accounts.

    Several may run behind one address.
    """
    parser = command_parser("alternator web", main.__doc__, EXAMPLES)
    add_arguments(parser)
    keep_memory_private()
    config = begun(parser.parse_args(argv))
    stop = Stop()
    stop.on_signals()
    try:
        serve(config, stop)
    except Stopping:
        log.info("stopped")
    return 0
