"""What would make this machine's choice better, each with what to type."""

from collections.abc import Iterator
from dataclasses import dataclass

from probe.decide.choice import Choice, ImageBuild
from probe.decide.choose import choose, usable_gpus
from probe.decide.fit import driver_floor, driver_to_take, has_code
from probe.detect.access_nvidia import NEWEST_FLOOR, NO_DRIVER
from probe.facts import Facts, Gpu, Vendor
from probe.machine.host_software import HostSoftware
from probe.numbers import plain
from probe.report.doctor_commands import driver_command, engine_command, toolkit_command
from probe.report.host_report import lost_on_the_way
from probe.report.schema import Report, report
from probe.tables.builds import Build, Table, at_least
from probe.tables.models import best_model, find_model, memory_limit, room, shortage


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """Something that could be better, and the command or the step that makes it so."""

    what: str
    do: str | None = None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the operator has set up: the image that this runs in, the model, the host's hint."""

    image: ImageBuild | None = None
    model: str | None = None
    host: Report | None = None


NO_SETTING = Setting()
DEVICE_NODES: dict[Vendor, tuple[str, ...]] = {
    "nvidia": ("/dev/nvidia",),
    "amd": ("/dev/kfd", "/dev/dri"),
    "apple": (),
}


def improvements(
    facts: Facts,
    table: Table,
    choice: Choice,
    around: HostSoftware,
    setting: Setting = NO_SETTING,
) -> tuple[Improvement, ...]:
    """All that is worth doing here, most important first; empty where nothing is."""
    lost = lost_on_the_way(setting.host, report(facts, choice)) if setting.host else ()
    found = [
        *(Improvement(what=what, do=do) for what, do in lost),
        *_image(facts, table, setting.image),
        *_unusable(facts, table, around),
        *_driver(facts, table, choice, around),
        *([] if facts.host.container else _engine(facts, choice, around)),
    ]
    found += _model(choice, setting.model)
    if choice.selection.backend == "cpu":
        found += _memory(setting.model, around)
    # What the choice itself advises and no step above covers: limits to know of.
    said = [gpu.why for gpu in facts.gpus if gpu.why is not None]
    said += ["is the right one"]  # told by _image, with the command
    said += [f"driver {gpu.driver}" for gpu in facts.gpus if _newer_driver(gpu, facts, table)]
    found += [
        Improvement(what=line)
        for line in choice.advice
        if not any(phrase in line for phrase in said)
    ]
    return tuple(dict.fromkeys(found))


def _image(facts: Facts, table: Table, image: ImageBuild | None) -> Iterator[Improvement]:
    """Another image, where another one suits this machine better than the one that this is."""
    if image is None:
        return
    best = choose(facts, table).selection
    if best.backend in ("cpu", "mps") or (best.image, best.wheel) == (image.variant, image.wheel):
        return
    yield Improvement(
        what=f"this image holds torch {image.torch} {image.wheel}; the {best.image} image with "
        f"{best.wheel} is the right one for {best.gpus[0].name}",
        do=f"make images VARIANT={best.image} WHEEL={best.wheel}   # on the host; then: make up",
    )


def _model(choice: Choice, wanted: str | None) -> Iterator[Improvement]:
    """The best Whisper model for the memory of the GPU that is used."""
    for gpu in choice.selection.gpus[:1]:
        memory = room(gpu)
        if memory is None:
            return
        best, named = best_model(memory), find_model(wanted) if wanted else None
        how_much = f"{memory / 1024:.1f} GiB" + (" free" if gpu.memory_free_mib is not None else "")
        if best is None:
            yield Improvement(
                what=f"{gpu.name} has {how_much}: no Whisper model fits",
                do="nvidia-smi   # shows which processes hold the memory"
                if gpu.vendor == "nvidia"
                else "rocm-smi --showpids   # shows which processes hold the memory",
            )
        elif named is not None and named.memory_mib > memory:
            need = named.memory_mib / 1024
            yield Improvement(
                what=f"the model {wanted} needs about {need:.1f} GiB, {gpu.name} has {how_much}",
                do=f"ALTERNATOR_WHISPER_MODEL={best.name}",
            )
        else:
            yield Improvement(
                what=f"{gpu.name} has {how_much}: Whisper models up to {best.name} fit"
            )


def _memory(wanted: str | None, around: HostSoftware) -> Iterator[Improvement]:
    """A model that is too large for this machine's memory, or for what the container may take."""
    for memory_mib, where in (
        (around.memory_mib, "this machine has"),
        (around.limit_mib, "this container may take"),
    ):
        found = shortage(wanted, memory_mib)
        if found is None or memory_mib is None:
            continue
        model, smaller = found
        do = f'model = "{smaller}"   # in [whisper] of alternator.toml'
        if where != "this machine has":
            limit = memory_limit(model.name, cpu=True)
            do = f"ALTERNATOR_MEMORY_LIMIT={limit}g make up   # on the host"
        yield Improvement(
            what=f"the model {wanted or model.name} takes up to {model.cpu_mib / 1024:.1f} GiB on "
            f"a CPU, {where} {memory_mib / 1024:.1f} GiB",
            do=do,
        )
        return


def _unusable(facts: Facts, table: Table, around: HostSoftware) -> Iterator[Improvement]:
    for gpu in facts.gpus:
        if gpu.denied and not facts.host.container:
            groups = {
                node.group
                for node in facts.nodes
                if not node.usable and node.path.startswith(DEVICE_NODES[gpu.vendor])
            }
            names = " ".join(f"$(getent group {group} | cut -d: -f1)" for group in sorted(groups))
            yield Improvement(
                what=f"{gpu.name}: {gpu.why}; containers get the group by number all the same",
                do=f"for g in {names}; do sudo usermod -aG $g $USER; done   # then log in again",
            )
        elif gpu.why is not None:
            do = gpu.remedy and gpu.remedy.replace("; ", "\n")  # one step a line
            if do and do.startswith(NO_DRIVER):
                do = driver_command(NEWEST_FLOOR, gpu, facts, table, around)
            yield Improvement(what=f"{gpu.name}: {gpu.why}", do=do)


def _driver(
    facts: Facts, table: Table, choice: Choice, around: HostSoftware
) -> Iterator[Improvement]:
    """A newer NVIDIA driver, where it would let a newer build run."""
    for gpu in usable_gpus(facts):
        newest = _newer_driver(gpu, facts, table)
        if newest is None:
            continue
        now = choice.selection
        floor = driver_floor(newest, facts.host, table)
        yield Improvement(
            what=f"{gpu.name}: driver {gpu.driver}; with "
            f"{driver_to_take(floor, gpu.compute_capability)} torch {newest.torch} {newest.wheel} "
            f"fits (now: {now.torch} {now.wheel})",
            do=driver_command(floor, gpu, facts, table, around),
        )
        return  # all NVIDIA cards share one driver


def _newer_driver(gpu: Gpu, facts: Facts, table: Table) -> Build | None:
    """The catalog's newest build with code for the GPU, if only its driver is too old for it."""
    if gpu.vendor != "nvidia" or gpu.driver is None:
        return None
    for build in table.of_line(table.catalog, "cuda"):
        if not build.experimental and has_code(build, gpu, facts.host, table):
            enough = at_least(gpu.driver, driver_floor(build, facts.host, table))
            return None if enough else build
    return None


def _engine(facts: Facts, choice: Choice, around: HostSoftware) -> Iterator[Improvement]:
    if not around.docker and not around.podman and choice.selection.backend != "mps":
        yield Improvement(what="no container engine is installed", do=engine_command(facts, around))
    if choice.selection.backend != "cuda":
        return
    if facts.host.wsl:
        yield Improvement(
            what="under WSL2 the driver is the one of Windows: install none inside; Docker "
            "Desktop hands GPUs to containers by itself"
        )
    if around.docker and not around.nvidia_toolkit and not around.cdi:
        if not facts.host.wsl:
            yield Improvement(
                what="Docker can't hand a GPU to a container: no NVIDIA Container Toolkit, no CDI",
                do=f"{toolkit_command(around)}   # from NVIDIA's package repository\n"
                "sudo nvidia-ctk runtime configure --runtime=docker\n"
                "sudo systemctl restart docker",
            )
    elif around.podman and not around.docker and not around.cdi:
        yield Improvement(
            what="Podman hands GPUs over by CDI, and there is no CDI file",
            do="sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
        )


def improvements_text(found: tuple[Improvement, ...]) -> str:
    """The list for a person; the commands indented, so that they can be copied."""
    if not found:
        return "\nnothing to improve\n"
    steps = [item for item in found if item.do is not None]
    lines = ["", "what would make it better:"] if steps else []
    for item in steps:
        lines.append(f"- {item.what}")
        lines += [f"    {step}" for step in (item.do or "").splitlines()]
    notes = [f"- {item.what}" for item in found if item.do is None]
    if notes:
        lines += ["", "worth knowing:", *notes]
    return plain("\n".join(lines)) + "\n"
