"""Inside a build: collects the licence texts of the installed packages into one folder each."""

import shutil
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

NAMES = ("LICEN", "COPYING", "NOTICE", "AUTHORS", "EULA")


def main() -> None:
    """Copy from SITE_PACKAGES to FOLDER; prints which packages bring no licence text."""
    site_packages, folder = sys.argv[1], Path(sys.argv[2])
    bare = []
    for distribution in sorted(distributions(path=[site_packages]), key=lambda found: found.name):
        target = folder / distribution.name
        texts = licence_files(distribution)
        for text in texts:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, target / text.name)
        if not texts:
            bare.append(distribution.name)
    print(f"licences: of every package; without a text of their own: {', '.join(bare) or 'none'}")


def licence_files(distribution: Distribution) -> list[Path]:
    """The files of a distribution whose names are those of licences, as they stand on the disk."""
    found = [
        Path(str(distribution.locate_file(file)))
        for file in distribution.files or ()
        if file.name.upper().startswith(NAMES) and not file.name.endswith((".py", ".pyc"))
    ]
    return [path for path in found if path.is_file()]


if __name__ == "__main__":
    main()
