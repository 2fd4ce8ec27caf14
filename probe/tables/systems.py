"""Which operating system this is, and what it does its own way: the rows of ``systems.toml``."""

from probe.machine.files import Tree
from probe.steps import KERNELS, Command, Step, System, Template, Wanted
from probe.tables.entries import StepEntry, SystemEntry

# https://man7.org/linux/man-pages/man5/os-release.5.html: the first that is there counts.
OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
KEYS = ("ID", "ID_LIKE", "VARIANT_ID", "IMAGE_ID")


def recognize(tree: Tree) -> System | None:
    """The row that fits the files below this root; None for a system that has none."""
    from probe.tables.generated import SYSTEMS

    release = os_release(tree)
    for row in SYSTEMS["system"]:
        told_by = tuple(mark for mark in row["marks"] if _holds(mark, release, tree))
        if told_by and all(_holds(need, release, tree) for need in row.get("needs", ())):
            return system(row, told_by)
    return None


def systems() -> tuple[System, ...]:
    """All of them, in the order in which they are tried."""
    from probe.tables.generated import SYSTEMS

    return tuple(system(row, ()) for row in SYSTEMS["system"])


def os_release(tree: Tree) -> dict[str, str]:
    """What the system calls itself and its kin; nothing where no file says it."""
    text = next((text for path in OS_RELEASE if (text := tree.read(path)) is not None), "")
    values = dict(line.partition("=")[::2] for line in text.splitlines())
    return {key: values.get(key, "").strip().strip("\"'").lower() for key in KEYS}


def _holds(mark: str, release: dict[str, str], tree: Tree) -> bool:
    if mark.startswith("/"):
        return tree.exists(mark)
    key, _, wanted = mark.partition("=")
    if key == "LIKE":
        return wanted in release["ID_LIKE"].split()
    value = release[key]
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def system(row: SystemEntry, told_by: tuple[str, ...]) -> System:
    """A row with what it takes from another one."""
    own = {what: _template(what, steps) for what, steps in _ways(row)}
    if "as" in row:
        own = _parent(row["as"]) | own
    return System(
        id=row["id"],
        name=row["name"],
        docs=row.get("docs", ""),
        image_based=row.get("image_based", False),
        lacks=tuple(row.get("lacks", ())),
        own=tuple(own.items()),
        told_by=told_by,
    )


def _parent(name: str) -> dict[Wanted, Template]:
    from probe.tables.generated import SYSTEMS

    row = next(row for row in SYSTEMS["system"] if row["id"] == name)
    return {what: _template(what, steps) for what, steps in _ways(row)}


def _ways(row: SystemEntry) -> tuple[tuple[Wanted, list[str | StepEntry]], ...]:
    found: tuple[tuple[Wanted, list[str | StepEntry] | None], ...] = (
        ("driver", row.get("driver")),
        ("legacy-driver", row.get("legacy-driver")),
        ("amd-driver", row.get("amd-driver")),
        ("engine", row.get("engine")),
        ("toolkit", row.get("toolkit")),
        ("restart-docker", row.get("restart-docker")),
    )
    return tuple((what, steps) for what, steps in found if steps is not None)


def _template(what: Wanted, steps: list[str | StepEntry]) -> Template:
    return tuple(_step(what, step) for step in steps)


def _step(what: Wanted, entry: str | StepEntry) -> Step:
    if isinstance(entry, str):
        return entry
    return Command(
        run=entry["run"],
        note=entry.get("note", ""),
        root=entry.get("root", False),
        of="machine" if what in KERNELS else "system",
        brings=tuple(entry.get("brings", ())),
        otherwise=entry.get("otherwise", ""),
    )
