"""What would make this machine's choice better, each with what to type."""

from collections.abc import Iterator

from probe.decide.advice_machine import builds_nothing
from probe.decide.choice import Choice
from probe.decide.choose import choose
from probe.decide.fit import driver_floor, misfit
from probe.facts import DRI, KFD, Facts, Gpu, Vendor
from probe.finding import Advice
from probe.findings import advice, builds, engines, no_build
from probe.findings import improvements as found
from probe.findings.gpu import Hidden, NodeClosed
from probe.findings.nvidia import DriverToInstall
from probe.frozen_record import replace
from probe.machine.host_software import HostSoftware
from probe.numbers import printable
from probe.report.doctor_commands import driver_steps, engine_steps, hand_over
from probe.report.doctor_models import memory_improvements, model_improvements
from probe.report.examination import NO_SETTING, Examination, Improvement, Setting
from probe.report.host_report import lost_on_the_way, read_report
from probe.report.schema import report
from probe.tables.builds import Build, Table, at_least
from probe.tables.drivers import driver_to_take

DEVICE_NODES: dict[Vendor, tuple[str, ...]] = {
    "nvidia": ("/dev/nvidia",),
    "amd": (KFD, DRI),
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
    case = Examination(facts=facts, table=table, choice=choice, around=around, setting=setting)
    if builds_nothing(entry.finding for entry in choice.advice):
        return tuple(Improvement(what=entry.text(facts.host.place)) for entry in choice.advice)
    steps = [
        *_lost(case),
        *_image(case),
        *_unusable(case),
        *(case.improvement(note) for note in facts.notes),
        *_driver(case),
        *([] if case.inside and not case.like_a_machine else _engine(case)),
        *model_improvements(case),
        *([] if choice.selection.backend != "cpu" else memory_improvements(case)),
    ]
    # What the choice itself advises and no step above covers: limits to know of.
    notes = [_note(entry, case) for entry in choice.advice if not _covered(entry, case)]
    return tuple(dict.fromkeys([*steps, *notes]))


# What they name is another choice, and none that would be better.
OTHER_CHOICES = (advice.OtherMakerUnused, advice.LeftOutByBuild)


def _note(entry: Advice, case: Examination) -> Improvement:
    place = case.facts.host.place
    if isinstance(entry.finding, OTHER_CHOICES):
        return Improvement(what=entry.text(place))
    return Improvement(what=entry.words, steps=entry.finding.remedy(place))


def _covered(entry: Advice, case: Examination) -> bool:
    """Whether a step says what this advice says: on a GPU, on the image, on the driver."""
    finding = entry.finding
    if finding in case.facts.notes or any(finding == gpu.why for gpu in case.facts.gpus):
        return True
    if isinstance(finding, advice.OtherImageFits):
        return True
    if isinstance(
        finding,
        advice.LeftOutByBuild
        | advice.ImageDoesNotFit
        | no_build.NoBuildFits
        | no_build.OnlyRetiredFits,
    ):
        finding = finding.why
    if not isinstance(finding, ON_DRIVER):
        return False
    return any(
        gpu.driver == finding.driver and _newer_driver(gpu, case) is not None
        for gpu in case.facts.gpus
    )


ON_DRIVER = (
    builds.DriverTooOld,
    no_build.JetsonDriverTooOld,
    no_build.NewerDriverNeeded,
    advice.OlderLineForDriver,
    advice.DriverDisputed,
)


def _lost(case: Examination) -> Iterator[Improvement]:
    """What the host could use and this container can't."""
    if case.setting.host is not None:
        here = read_report(report(case.facts, case.choice))
        for finding in lost_on_the_way(case.setting.host, here):
            yield case.improvement(finding)


def _image(case: Examination) -> Iterator[Improvement]:
    """Another image, where another one suits this machine better than the one that this is."""
    image = case.setting.image
    if image is None:
        return
    best = choose(case.facts, case.table).selection
    if best.backend in ("cpu", "mps") or (best.image, best.wheel) == (image.variant, image.wheel):
        return
    yield case.improvement(
        found.BuildOtherImage(
            torch=image.torch,
            wheel=image.wheel,
            image=best.image,
            best=best.wheel,
            name=best.gpus[0].name,
        )
    )


def _unusable(case: Examination) -> Iterator[Improvement]:
    """What is in the way of a GPU."""
    for gpu in case.facts.gpus:
        why = gpu.why
        if isinstance(why, NodeClosed) and not case.inside:
            groups = {
                node.group
                for node in case.facts.nodes
                if not node.usable and node.path.startswith(DEVICE_NODES[gpu.vendor])
            }
            yield case.improvement(
                found.GroupToJoin(why=why, groups=tuple(sorted(groups))), gpu=gpu
            )
        elif isinstance(why, Hidden) and case.choice.selection.backend != "cpu":
            yield Improvement(what=f"{gpu.name}: {why}")  # as somebody wants it
        elif isinstance(why, DriverToInstall) and not case.inside:
            yield case.improvement(why, gpu=gpu, steps=driver_steps(why, case))
        elif why is not None:
            yield case.improvement(why, gpu=gpu)


def _driver(case: Examination) -> Iterator[Improvement]:
    """A newer NVIDIA driver, where it would let a newer build run."""
    now = case.choice.selection
    for gpu in case.question.usable:
        newest = _newer_driver(gpu, case)
        if newest is None:
            continue
        wanted = driver_to_take(driver_floor(newest, case.question), gpu.compute_capability)
        newer = found.NewerDriverHelps(
            driver=gpu.driver,
            wanted=wanted,
            torch=newest.torch,
            wheel=newest.wheel,
            now_torch=now.torch,
            now_wheel=now.wheel,
        )
        yield case.improvement(newer, gpu=gpu, steps=driver_steps(newer, case))
        return  # all NVIDIA cards share one driver


def _newer_driver(gpu: Gpu, case: Examination) -> Build | None:
    """The catalog's newest build for this GPU and for those that are used beside it, if only the
    driver is too old for it: a build that leaves out a card at work makes nothing better."""
    if gpu.vendor != "nvidia" or gpu.driver is None:
        return None
    table, question = case.table, case.question
    for build in table.of_line(table.catalog, "cuda"):
        floor = driver_floor(build, question)
        cards = [replace(card, driver=floor) for card in (gpu, *case.choice.selection.gpus)]
        if not build.experimental and not any(misfit(build, card, question) for card in cards):
            return None if at_least(gpu.driver, floor) else build
    return None


def _engine(case: Examination) -> Iterator[Improvement]:
    """What a container engine lacks to hand a GPU over."""
    around, host, backend = case.around, case.facts.host, case.choice.selection.backend
    if not around.docker and not around.podman and backend != "mps":
        yield case.improvement(engines.NoEngine(), steps=engine_steps(case))
    if backend != "cuda":
        return
    if host.wsl:
        yield case.improvement(engines.DriverIsWindows())
    for finding in hand_over(case):
        yield case.improvement(finding)


def improvements_text(items: tuple[Improvement, ...]) -> str:
    """The list for a person; the commands indented, so that they can be copied."""
    if not items:
        return "\nnothing to improve\n"
    steps = [item for item in items if item.steps]
    lines = ["", "what would make it better:"] if steps else []
    for item in steps:
        lines.append(f"- {item.what}")
        lines += [f"    {step}" for step in item.steps]
    notes = [f"- {item.what}" for item in items if not item.steps]
    if notes:
        lines += ["", "worth knowing:", *notes]
    return printable("\n".join(lines)) + "\n"
