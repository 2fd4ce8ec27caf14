"""``rocminfo``: the HSA agents. It opens ``/dev/kfd``, so an answer is a proof of access.

What it prints: https://github.com/ROCm/rocminfo/blob/HEAD/rocminfo.cc
"""

import re

from probe.detect.parse.kfd import bus_of_location
from probe.facts import HsaView, Sighting
from probe.numbers import normal_gfx, parse_int

AGENT = re.compile(r"^Agent \d+\s*$")
PROPERTY = re.compile(r"^  ?([A-Z][A-Za-z .()]{1,40}):\s+(\S.*)$")
POOL_SIZE = re.compile(r"^\s+Size:\s+(\d{1,15})\(0x[0-9a-f]+\) KB")


# The lines on which it gives up, the plainest first. "ROCk module is NOT loaded" is none of them:
# it says so too where amdgpu is built into the kernel and works.
REFUSALS = (
    r"^Unable to open /dev/kfd read-write: .+$",
    r"^Call returned HSA_STATUS_ERROR\w*.*$",
    r"^hsa api call failure .*$",
)


def parse_rocminfo(text: str) -> tuple[Sighting, ...]:
    """The GPU agents in the order of HSA, which is the order of ``HIP_VISIBLE_DEVICES``."""
    gpus = [agent for agent in _agents(text) if agent.get("Device Type") == "GPU"]
    return tuple(_sighting(index, agent) for index, agent in enumerate(gpus))


def parse_view(text: str) -> HsaView | None:
    """How it says that there is no GPU; None where it lists one, or says neither."""
    for refusal in REFUSALS:
        if match := re.search(refusal, text, re.MULTILINE):
            return HsaView(refused=match[0].strip())
    agents = _agents(text)
    kinds = {agent.get("Device Type") for agent in agents}
    if kinds != {"CPU"}:
        return None
    return HsaView(processors=tuple(agent.get("Name", "CPU") for agent in agents))


def _agents(text: str) -> list[dict[str, str]]:
    agents: list[dict[str, str]] = []
    for line in text.splitlines():
        if AGENT.match(line):
            agents.append({})
        elif agents and (match := PROPERTY.match(line)):
            # The first mention counts: an ISA further down has a Name of its own.
            agents[-1].setdefault(match[1], match[2].strip())
        elif agents and (match := POOL_SIZE.match(line)):
            agents[-1].setdefault("pool", match[1])
    return agents


def _sighting(index: int, agent: dict[str, str]) -> Sighting:
    uuid = agent.get("Uuid", "")
    kib = parse_int(agent.get("pool"))
    chip = parse_int(agent.get("Chip ID", "").partition("(")[0])
    return Sighting(
        vendor="amd",
        bus=bus_of_location(parse_int(agent.get("BDFID")), 0),
        index=index,
        # GPU-XX is what HSA says of parts without a serial number of their own.
        uuid=uuid if uuid.startswith("GPU-") and uuid != "GPU-XX" else None,
        name=agent.get("Marketing Name"),
        vram_mib=kib // 1024 if kib else None,
        gfx=normal_gfx(agent.get("Name")),
        device=chip,
    )
