"""The build that lies in the universal image's volume, for a command typed beside the bot.

``docker exec CONTAINER alternator status`` starts no entrypoint, which else sets the path; and what
checks the configuration comes with the build, as torch does. Imported by every start of the command
line, so it imports little.
"""

import os
from collections.abc import Mapping

from probe.machine.variables import BUILDS_DIRECTORY, LOCKS

LOCK_FOLDER = "/opt/alternator/locks"
BUILDS = "/var/lib/alternator/builds"


def installed_build(environ: Mapping[str, str]) -> str | None:
    """The directory of the build that was installed last; None where there is none, and in any
    image but the universal one."""
    if not os.path.isdir(environ.get(LOCKS) or LOCK_FOLDER):
        return None
    root = environ.get(BUILDS_DIRECTORY) or BUILDS
    try:
        # One that is being put together has a dot in front of its name (``volume.py``).
        found = [entry for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != "."]
        return max(found, key=lambda entry: entry.stat().st_mtime).path if found else None
    except OSError:
        return None
