"""The report for a person. Everything it says comes from the report object."""

from collections.abc import Iterator, Sequence

from probe.numbers import printable
from probe.place import ContainerKind
from probe.report.schema import GpuReport, HostReport, RejectedReport, Report

WIDTH = 10
LONGEST = 140  # letters of a note with its remedy: no more than two lines of a narrow terminal
BACKENDS = {"cuda": "NVIDIA CUDA", "rocm": "AMD ROCm", "mps": "Apple MPS", "cpu": "CPU"}

CONTAINERS: dict[ContainerKind, str] = {
    "docker": "Docker",
    "podman": "Podman",
    "cri-o": "CRI-O",
    "lxc": "LXC",
    "nspawn": "systemd-nspawn",
    "openvz": "OpenVZ",
    "apptainer": "Apptainer",
}


def human_text(report: Report) -> str:
    """Hardware, choice and reasons, in the few lines that a tired operator reads."""
    lines = [*_hardware(report), *_choice(report), *_advice(report)]
    return printable("\n".join(lines)) + "\n"


def _hardware(report: Report) -> list[str]:
    host = report["host"]
    place = [
        f"{host['os']} on {host['arch']}",
        *_places(host),
    ]
    lines = [_row("machine", ", ".join(place))]
    described = [describe(gpu) for gpu in report["gpus"]]
    for text in dict.fromkeys(described):
        count = described.count(text)
        lines.append(_row("gpu", f"{count} × {text}" if count > 1 else text))
    return lines if described else [*lines, _row("gpu", "none found")]


def _places(host: HostReport) -> list[str]:
    """Where this runs, from the outside in."""
    where = host["where"]
    machine, maker, sandbox = where["machine"], where["container"], where["sandbox"]
    kernel = "WSL1" if machine == "wsl1" else "WSL2" if host["wsl"] else ""
    kernel = "a virtual machine" if machine == "vm" else kernel
    inside = "in a pod" if where["pod"] else "in a container" if host["container"] else ""
    if inside and maker not in (None, "other"):
        inside += f" ({CONTAINERS.get(maker, maker)})"
    return [*filter(None, (kernel, inside, f"in a {sandbox.capitalize()}" if sandbox else ""))]


def describe(gpu: GpuReport) -> str:
    """One GPU in one line: what it is, and what is in the way of using it."""
    facts = [
        gpu["gfx"],
        f"compute capability {gpu['compute_capability']}" if gpu["compute_capability"] else None,
        _memory(gpu),
        f"driver {gpu['driver']}" if gpu["driver"] else None,
    ]
    known = ", ".join(fact for fact in facts if fact)
    state = "" if gpu["state"] == "accessible" else f" - {gpu['state']}"
    why = f": {gpu['why']}" if gpu["why"] and state else ""
    return f"{gpu['name']}{f' ({known})' if known else ''}{state}{why}"


def _memory(gpu: GpuReport) -> str | None:
    if not gpu["memory_mib"]:
        return None
    total, free = gpu["memory_mib"] / 1024, gpu["memory_free_mib"]
    # What an idle desktop takes is not worth a word.
    if free is None or free >= 0.9 * gpu["memory_mib"]:
        return f"{total:.1f} GiB"
    return f"{total:.1f} GiB, {free / 1024:.1f} free"


def _choice(report: Report) -> list[str]:
    selection = report["selection"]
    lines = [
        _row(
            "choice",
            f"{BACKENDS[selection['backend']]}: image {selection['image']}, "
            f"torch {selection['torch']} {selection['wheel']}",
        )
    ]
    if not report["gpus"]:
        lines.append(_row("because", "there is no GPU to use"))
    if selection["visible_devices"]:
        lines.append(_row("uses", ", ".join(selection["visible_devices"])))
    lines += [_row("", line) for line in _rejected(report["rejected"])]
    if selection["run_flags"]:
        lines.append(_row("docker", in_shell(selection["run_flags"])))
    if selection["env"]:
        lines.append(_row("env", " ".join(f"{k}={v}" for k, v in selection["env"].items())))
    return lines


def _rejected(entries: list[RejectedReport]) -> Iterator[str]:
    """A line for each reason and card; a build that is named for a card is not named again.

    A line without a name is about the card that was chosen, or the only kind.
    """
    wheels: dict[tuple[str | None, str], dict[str, None]] = {}
    named: set[tuple[str | None, str]] = set()
    for entry in entries:
        card = entry.get("gpu")
        if (card, entry["wheel"]) not in named:
            named.add((card, entry["wheel"]))
            wheels.setdefault((card, entry["why"]), {})[entry["wheel"]] = None
    for (card, why), passed in wheels.items():
        yield f"{'' if card is None else f'{card}: '}not {', '.join(passed)}: {why}"


def _advice(report: Report) -> Iterator[str]:
    """A remedy in the sentence's line where that is short, else each step on a line of its own."""
    for whole, (sentence, *steps) in zip(report["advice"], report["advice_parts"], strict=True):
        line = _row("note", whole)
        if len(line) <= LONGEST:
            yield line
        else:
            yield _row("note", sentence)
            yield from (_row("", f"- {step}") for step in steps)


def in_shell(words: Sequence[str]) -> str:
    """The words of a command as they are typed: Docker's quotes within the shell's."""
    return " ".join(f"'{word}'" if '"' in word else word for word in words)


def _row(label: str, text: str) -> str:
    return f"{label:<{WIDTH}}{text}"
