"""Masks what tells one machine from another, the same way wherever it occurs."""

import re
from collections.abc import Callable

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
# AMD's unique number of a card: in hex (rocm-smi, rocminfo, amd-smi) and in decimal (KFD).
# Some tools drop its leading zeros; other numbers in hex are shorter.
AMD_HEX = re.compile(r"(?<=\b0x)[0-9a-f]{9,16}\b|(?<=\bGPU-)[0-9a-f]{9,16}\b", re.IGNORECASE)
AMD_DECIMAL = re.compile(r"(?<=^unique_id )[1-9]\d*$", re.MULTILINE)
SERIAL = re.compile(
    r'(serial[ _a-z]{0,40}"?\s*[:=,>]\s*"?)(?!0x)([A-Za-z0-9][^",<\n]*)', re.IGNORECASE
)
MAC = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", re.IGNORECASE)
OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
# Not the kernel of WSL2, whose release begins as an address does: 6.6.87.2-microsoft-standard-WSL2.
IPV4 = re.compile(rf"(?<![\d.])(?:{OCTET}\.){{3}}{OCTET}(?![\d.]|-microsoft)")
# A PCI address has two colons, so more than that is an address of the network.
IPV6 = re.compile(
    r"(?<![\w:.])(?:(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}"
    r"|(?:[0-9a-f]{1,4}:){1,6}:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,5}"
    r"|(?:[0-9a-f]{1,4}:){2,6}:)(?![\w:.])",
    re.IGNORECASE,
)
CONTAINER_ID = re.compile(r"\b[0-9a-f]{64}\b")
HOME = re.compile(r"(?<=/home/)[^/\s:\"']+|(?<=/Users/)[^/\s:\"']+")
PREFIX = re.compile(r"(GPU-|MIG-)([0-9a-f][0-9a-f-]*)", re.IGNORECASE)
# Words that the tools' answers are read by: a machine that is called so keeps its name, which tells
# nothing, rather than lose the key of an answer.
NO_NAMES = {
    *("agent", "amd", "amdgpu", "asic", "bus", "card", "container", "cuda", "device", "docker"),
    *("driver", "enabled", "gfx", "gpu", "gpus", "host", "index", "information", "kernel"),
    *("linux", "localhost", "microsoft", "mig", "model", "module", "modules", "name", "node"),
    *("none", "nvidia", "nvrm", "properties", "radeon", "rocm", "root", "size", "system"),
    *("tegra", "type", "unix", "user", "uuid", "value", "vendor", "version", "vram"),
}
SHORTEST_NAME = 3


class Mask:
    """Replaces serials, UUIDs, addresses and names; equal ones by equal ones.

    ``names`` are host and user names, which have no form of their own.
    """

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}  # of each kind
        labels = {name.partition(".")[0] for name in names}
        words = sorted(filter(_is_name, {*names} | labels), key=len, reverse=True)
        pattern = "|".join(re.escape(word) for word in words)
        self._names = re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])") if words else None

    def __call__(self, text: str) -> str:
        """The text with everything masked."""
        text = UUID.sub(self._as("uuid", lambda n: f"{n:08x}-0000-4000-8000-000000000000"), text)
        text = AMD_HEX.sub(lambda match: f"{self._amd(int(match[0], 16)):016x}", text)
        text = AMD_DECIMAL.sub(lambda match: str(self._amd(int(match[0]))), text)
        serial = self._as("serial", lambda n: f"SERIAL{n}", group=2)
        text = SERIAL.sub(lambda match: match[1] + serial(match), text)
        text = MAC.sub(self._as("mac", lambda n: f"02:00:00:00:00:{n % 256:02x}"), text)
        text = IPV6.sub(self._as("ipv6", lambda n: f"2001:db8::{n:x}"), text)
        text = IPV4.sub(self._as("ipv4", lambda n: f"192.0.2.{n % 256}"), text)
        text = CONTAINER_ID.sub(self._as("container", lambda n: f"{n:064x}"), text)
        text = HOME.sub("user", text)
        return self._names.sub("host", text) if self._names else text

    def device_list(self, value: str) -> str:
        """A list of devices, masked after all that names them: a UUID in it may be cut short."""
        return ",".join(self._word(word) for word in value.split(","))

    def _word(self, word: str) -> str:
        match = PREFIX.fullmatch(word.strip())
        if match is None or self(word) != word:
            return self(word)
        known = [new for (_, old), new in self._known.items() if old.startswith(match[2].lower())]
        if len(known) == 1:
            return match[1] + known[0]
        return match[1] + ("0" if known else "none")

    def _as(
        self, kind: str, form: Callable[[int], str], group: int = 0
    ) -> Callable[[re.Match[str]], str]:
        def replacement(match: re.Match[str]) -> str:
            key = (kind, match[group].lower())
            if key not in self._known:
                self._known[key] = form(self._next(kind))
            return self._known[key]

        return replacement

    def _amd(self, number: int) -> int:
        key = ("amd", str(number))
        if key not in self._known:
            self._known[key] = str(self._next("amd"))
        return int(self._known[key])

    def _next(self, kind: str) -> int:
        self._count[kind] = self._count.get(kind, 0) + 1
        return self._count[kind]


def _is_name(word: str) -> bool:
    return len(word) >= SHORTEST_NAME and word.lower().rstrip("0123456789") not in {*NO_NAMES, ""}
