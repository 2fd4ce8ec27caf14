"""Inside a container: prints what its root file system holds, as JSON, for the host to sort.

``files``: path and bytes of every file, a hard-linked one once. ``debian``: the files of each
Debian package. ``python``: whose each folder or file of site-packages is.
"""

import json
import os
import sys
from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

SKIPPED = ("/proc", "/sys", "/dev", "/run", "/tmp")
DPKG = Path("/var/lib/dpkg/info")


def main() -> None:
    """Print the three tables as one JSON object."""
    json.dump({"files": files(), "debian": debian(), "python": python()}, sys.stdout)


def files() -> list[tuple[str, int]]:
    """Path and size in bytes of every regular file and link of this file system."""
    found, seen = [], set()
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if str(Path(folder, name)) not in SKIPPED]
        for name in names:
            path = str(Path(folder, name))
            facts = os.lstat(path)
            if (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                found.append((path, facts.st_size))
    return found


def debian() -> dict[str, list[str]]:
    """The files of each Debian package, from dpkg's lists."""
    lists = sorted(DPKG.glob("*.list")) if DPKG.is_dir() else []
    return {path.stem.partition(":")[0]: path.read_text("utf-8").split("\n") for path in lists}


def python() -> dict[str, str]:
    """Below site-packages: whose a folder or file is; where several share a folder, each file."""
    shared: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]  # read from a file each time it is asked for
        for file in distribution.files or ():
            shared[file.parts[0]].add(name)
            owners[str(file)] = name
    alone = {first: min(names) for first, names in shared.items() if len(names) == 1}
    return alone | {
        path: name for path, name in owners.items() if len(shared[path.partition("/")[0]]) > 1
    }


if __name__ == "__main__":
    main()
