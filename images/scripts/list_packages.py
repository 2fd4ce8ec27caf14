"""Inside a container: prints the packages that the image is made of, as JSON, for the host.

``deb`` and ``pypi``: name, version and, where the package says so, its licence.
"""

import json
import sys
from importlib.metadata import distributions
from pathlib import Path

STATUS = Path("/var/lib/dpkg/status")
# What the build took out of Debian packages, or compiled from one, and put beside dpkg's files.
TOOLS = Path("/opt/alternator/tools.txt")


def main() -> None:
    """Print both tables as one JSON object."""
    json.dump({"deb": debian(), "pypi": python()}, sys.stdout)


def debian(status: Path = STATUS, tools: Path = TOOLS) -> list[dict[str, str]]:
    """The installed Debian packages, and the tools that came without dpkg."""
    found = []
    for paragraph in status.read_text("utf-8").split("\n\n") if status.is_file() else ():
        fields = dict(
            line.split(": ", 1)
            for line in paragraph.splitlines()
            if ": " in line[1:] and line[0] != " "
        )
        if fields.get("Status") == "install ok installed":
            found.append({"name": fields["Package"], "version": fields["Version"]})
    for line in tools.read_text("utf-8").splitlines() if tools.is_file() else ():
        name, version = line.split()
        note = "built from this Debian source package" if name == "ffmpeg" else "copied from it"
        found.append({"name": name, "version": version, "note": note})
    return sorted(found, key=lambda package: package["name"])


def python() -> list[dict[str, str]]:
    """The Python distributions that this interpreter sees."""
    found = {}
    for distribution in distributions():
        metadata = distribution.metadata.json
        classifiers = [
            text.rpartition(" :: ")[2]
            for text in metadata.get("classifier", ())
            if text.startswith("License ::")
        ]
        licence = str(metadata.get("license_expression") or metadata.get("license") or "")
        found[str(metadata["name"])] = {
            "name": str(metadata["name"]),
            "version": str(metadata["version"]),
            "licence": licence.strip() or ", ".join(classifiers),
        }
    return sorted(found.values(), key=lambda package: package["name"].lower())


if __name__ == "__main__":
    main()
