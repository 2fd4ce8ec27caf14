"""``make pci-ids``: the tables of PCI device ids, from the list that all distributions carry.

``nvidia_chips.toml`` and ``amd_chips.toml`` say what a chip computes, by the code name that the PCI
ID repository gives it; the list says which ids a chip has. From both this writes
``nvidia_devices.toml``, ``amd_devices.toml`` and ``device_names.txt``. The list is Debian's package
pci.ids, or a newer one of https://github.com/pciutils/pciids.

``--check`` writes nothing: it fails if the list has a card of a known chip that the committed
tables lack or take for another chip. It may be older or newer than the one they were made from.

The list's format: https://man7.org/linux/man-pages/man5/pci.ids.5.html
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probe.errors import UserError
from probe.exit_codes import ExitCode
from probe.tables.devices import capability_of_device, gfx_of_device

LIST = Path("/usr/share/misc/pci.ids")  # where Debian's package puts it
TABLES = Path(__file__).parents[1] / "probe" / "tables"
NVIDIA, AMD = "10de", "1002"
PAGE, UNIT = 0x100, 0x40  # ids are given to chips in pages and parts of pages
# What sits on a card or in a chip beside the GPU, in the words of the list.
NO_GPU = re.compile(
    r"\b(audio|hdmi|usb|nvswitch|switch|bridge|port|controller|host)\b", re.IGNORECASE
)

Devices = Mapping[int, str]


class ListError(UserError):
    """There is no list of PCI ids to read."""

    exit_code = ExitCode.FAILED


@dataclass(frozen=True, kw_only=True)
class PciIds:
    """What the list says of the two makers: names by device id, and the list's version."""

    nvidia: Devices
    amd: Devices
    version: str


@dataclass(frozen=True, kw_only=True)
class Chips:
    """What a chip computes, by its code name, and by ids that the list lacks."""

    by_name: Mapping[str, str]
    by_id: Mapping[int, str]

    def of_nvidia(self, device: int, name: str) -> str | None:
        """The capability of a device: the code name, with letters for the kind of product."""
        fits = (c for c in self.by_name if re.match(rf"{re.escape(c)}[A-Za-z]*(?!\w)", name))
        return self._known(device, name, max(fits, key=len, default=None))

    def of_amd(self, device: int, name: str) -> str | None:
        """The gfx target of a device: the longest code name that its name begins with."""
        fits = (c for c in self.by_name if name.startswith(c))
        return self._known(device, name, max(fits, key=len, default=None))

    def _known(self, device: int, name: str, chip: str | None) -> str | None:
        if device in self.by_id:
            return self.by_id[device]
        # The product's own name stands in brackets: "GH100 [H100 NVSwitch]" is none either.
        return None if chip is None or NO_GPU.search(name) else self.by_name[chip]


def parse(text: str) -> PciIds:
    """The names of both makers' devices."""
    found: dict[str, dict[int, str]] = {NVIDIA: {}, AMD: {}}
    vendor = ""
    for line in text.splitlines():
        if line.startswith("C "):
            break  # the classes follow
        if match := re.match(r"([0-9a-f]{4})  ", line):
            vendor = match[1]
        elif vendor in found and (match := re.match(r"\t([0-9a-f]{4})  (.+)", line)):
            found[vendor][int(match[1], 16)] = match[2].strip()
    version = re.search(r"^#\s+Version: (\S+)", text, re.MULTILINE)
    if not found[NVIDIA] or not found[AMD] or version is None:
        raise ListError("this is no list of PCI ids: it names no device of NVIDIA or of AMD")
    return PciIds(nvidia=found[NVIDIA], amd=found[AMD], version=version[1])


def read(path: Path) -> PciIds:
    """The list in a file. Raises ``ListError`` if there is none."""
    try:
        return parse(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise ListError(
            f"{path} can't be read ({error.strerror}): install the package pci.ids, or name "
            f"another copy of the list"
        ) from error


def nvidia_chips() -> Chips:
    """The committed facts on NVIDIA's chips."""
    data = tomllib.loads((TABLES / "nvidia_chips.toml").read_text(encoding="utf-8"))
    by_name = {chip: text for text, chips in data["capability"].items() for chip in chips}
    return Chips(by_name=by_name, by_id={})


def amd_chips() -> Chips:
    """The committed facts on AMD's chips."""
    data = tomllib.loads((TABLES / "amd_chips.toml").read_text(encoding="utf-8"))
    return Chips(
        by_name={chip: gfx for gfx, chips in data["gfx"].items() for chip in chips},
        by_id={int(device, 16): gfx for gfx, ids in data["ids"].items() for device in ids},
    )


def known_nvidia(ids: PciIds) -> dict[int, str]:
    """The compute capability of each NVIDIA GPU in the list whose chip is known."""
    chips = nvidia_chips()
    found = {device: chips.of_nvidia(device, name) for device, name in ids.nvidia.items()}
    return {device: text for device, text in found.items() if text}


def known_amd(ids: PciIds) -> dict[int, str]:
    """The gfx target of each AMD GPU in the list whose chip is known."""
    chips = amd_chips()
    found = {device: chips.of_amd(device, name) for device, name in ids.amd.items()}
    return {device: gfx for device, gfx in found.items() if gfx} | dict(chips.by_id)


def blocks(known: Mapping[int, str]) -> list[tuple[int, int, str]]:
    """First and last id of each block, and what all chips in it compute.

    NVIDIA gives ids to chips in blocks, and a card that came after the list has one beside its
    sisters': a block begins where its unit does and ends with its page, if the next one lets it.
    """
    runs: list[tuple[int, int, str]] = []
    for device in sorted(known):
        if runs and runs[-1][2] == known[device]:
            runs[-1] = (runs[-1][0], device, known[device])
            continue
        unit = device - device % UNIT
        runs.append((unit if not runs or runs[-1][1] < unit else device, device, known[device]))
    followed = zip(runs, [*(first for first, _, _ in runs[1:]), 0x10000], strict=True)
    return [
        (first, min(last | PAGE - 1, after - 1), text) for (first, last, text), after in followed
    ]


def name_of(name: str, maker: str) -> str:
    """The product, where the list names one in brackets, with its maker."""
    product = re.search(r"\[(.+)\]", name)
    told = product[1] if product else name
    if told == "Radeon Graphics":  # what AMD calls the GPU of every processor
        told = f"{told} ({name.partition(' [')[0]})"
    return told if told.startswith(f"{maker} ") else f"{maker} {told}"


def documents(ids: PciIds) -> dict[str, str]:
    """The generated files, by name."""
    nvidia, amd = known_nvidia(ids), known_amd(ids)
    head = (
        f"# Generated by make pci-ids from the PCI ID repository, version {ids.version}\n"
        f"# (https://github.com/pciutils/pciids/blob/master/pci.ids).\n"
    )
    found = "".join(f'    ["{a:04x}", "{b:04x}", "{text}"],\n' for a, b, text in blocks(nvidia))
    targets: dict[str, list[str]] = {}
    for device in sorted(amd):
        targets.setdefault(amd[device], []).append(f"{device:04x}")
    rows = "".join(
        f"{gfx} = [\n{_wrapped(targets[gfx])}]\n" for gfx in sorted(targets, key=_gfx_order)
    )
    return {
        "nvidia_devices.toml": f"{head}# First and last id of a block, and what its chips compute."
        f"\n# Audio and bridge functions in it are told apart by their PCI class.\n"
        f"blocks = [\n{found}]\n",
        "amd_devices.toml": f"{head}# Which ids the chips of a gfx target have.\n[gfx]\n{rows}",
        "device_names.txt": f"{head}# Vendor, device, name; read where no tool names a card.\n"
        + "".join(_names(NVIDIA, "NVIDIA", ids.nvidia, nvidia))
        + "".join(_names(AMD, "AMD", ids.amd, amd)),
    }


def _names(vendor: str, maker: str, names: Devices, known: Mapping[int, str]) -> Iterator[str]:
    for device in sorted(known.keys() & names.keys()):
        yield f"{vendor} {device:04x} {name_of(names[device], maker)}\n"


def _wrapped(ids: Sequence[str]) -> str:
    rows = (ids[start : start + 10] for start in range(0, len(ids), 10))
    return "".join(
        f"    {', '.join(f'{chr(34)}{device}{chr(34)}' for device in row)},\n" for row in rows
    )


def _gfx_order(gfx: str) -> tuple[int, str]:
    return (len(gfx), gfx)


def differences(ids: PciIds) -> Iterator[str]:
    """Cards of the list that the committed tables do not know as what they are."""
    for device, text in sorted(known_nvidia(ids).items()):
        capability = capability_of_device(device)
        found = None if capability is None else f"{capability[0]}.{capability[1]}"
        if found != text:
            yield f"10de:{device:04x} {ids.nvidia.get(device, '')}: {text} (the table: {found})"
    for device, gfx in sorted(known_amd(ids).items()):
        if gfx_of_device(device) != gfx:
            told = gfx_of_device(device)
            yield f"1002:{device:04x} {ids.amd.get(device, '')}: {gfx} (the table: {told})"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the tables, or with --check compare them with a list."""
    parser = argparse.ArgumentParser(prog="python -m tools.pci_ids")
    parser.add_argument("file", nargs="?", type=Path, default=LIST, help=f"instead of {LIST}")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments = parser.parse_args(argv)
    try:
        ids = read(arguments.file)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if arguments.check:
        wrong = [*differences(ids)]
        for line in wrong:
            print(line)
        if not wrong:
            print(f"the tables know every card of a known chip in version {ids.version}")
        return ExitCode.FAILED if wrong else 0
    for name, content in documents(ids).items():
        (TABLES / name).write_text(content, encoding="utf-8")
    print("written; next: make generated")
    return 0


if __name__ == "__main__":
    sys.exit(main())
