"""The whole choice, whatever the machine: no card and no driver makes it worse.

The cards, drivers and architectures are those of the tables, so that a table's new row is tried by
itself.
"""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from probe.decide.choice import Choice, Question
from probe.decide.choose import choose
from probe.decide.fit import hsa_override, misfit
from probe.decide.selection import usefulness
from probe.detect.access import judge
from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.facts import HSA_OVERRIDE, Facts, Gpu, Host, Node, Sighting, State
from probe.finding import Finding
from probe.findings.advice import SlicesLeftOut
from probe.findings.gpu import Hidden, NodeClosed
from probe.findings.nvidia import DroppedByDriver, GpuLost
from probe.findings.nvidia_driver import OlderThanCard
from probe.frozen_record import replace
from probe.numbers import parse_capability, parse_version
from probe.tables.builds import Build, at_least, line_of, load_table
from probe.tables.devices import first_driver, is_integrated, last_driver
from probe.tables.drivers import newest_floor
from probe.tables.generated import AMD_DEVICES, NVIDIA_DEVICES

TABLE = load_table()
VENDORS = ("nvidia", "amd")  # in the order in which they are tried
LEFT_OUT = {"other-makers-gpu-unused", "gpu-left-out-by-build", "gpu-not-beside-another"}
CAPABILITIES = sorted(
    {parse_capability(text) or (0, 0) for _, _, text in NVIDIA_DEVICES["blocks"]}
    | {
        capability
        for build in TABLE.builds
        for code in build.cuda_code.values()
        for capability in code.capabilities
    }
)
WITH_CODE = [c for c in CAPABILITIES if c >= (5, 0)]
BUILT_GFX = {gfx for build in TABLE.builds for targets in build.gfx.values() for gfx in targets}
GFX = sorted({*AMD_DEVICES["gfx"], *BUILT_GFX, *TABLE.hsa_overrides})
FLOORS = {
    floor
    for build in TABLE.builds
    for floor in (build.driver_linux, build.driver_windows, build.driver_advised)
    if floor is not None
}
LAST = {str(driver) for _, driver in NVIDIA_DEVICES["last_driver"]}


def around(version: str) -> list[str]:
    """A version, the one just below it, and one of the next branch."""
    *head, last = parse_version(version) or (0,)
    numbers = ([*head, last], [*head, last - 1, 99], [*head, last + 1])
    return [".".join(str(number) for number in part) for part in numbers]


DRIVERS = sorted(
    {text for version in (*FLOORS, *LAST) for text in around(version)},
    key=lambda text: parse_version(text) or (),
)
# Most machines are ordinary: else nearly all examples would end on the CPU.
NEWEST = [driver for driver in DRIVERS if at_least(driver, newest_floor())]
drivers = st.one_of(st.sampled_from(DRIVERS), st.sampled_from(NEWEST))
hosts = st.builds(
    Host,
    arch=st.sampled_from([*["x86_64"] * 6, *TABLE.cpu_arch, "riscv64"]),
    os=st.just("linux"),
    wsl=st.sampled_from([False, False, True]),
    container=st.booleans(),
    tegra=st.sampled_from([*[False] * 9, True]),
)
memories = st.sampled_from([None, 2048, 3840, 4096, 8192, 16384, 24564, 49140, 81559])
ORDINARY: tuple[State, Finding | None] = ("accessible", None)
CONDITIONS: list[tuple[State, Finding | None]] = [
    *[ORDINARY] * 12,
    ("proven", None),
    ("dead", GpuLost()),
    ("present", Hidden(variable="CUDA_VISIBLE_DEVICES", value="7")),
    ("present", NodeClosed(path="/dev/kfd", groups=(44,))),
]
conditions = st.sampled_from(CONDITIONS)


@st.composite
def nvidia_cards(draw: st.DrawFn) -> Gpu:
    state, why = draw(conditions)
    whole = draw(st.integers(0, 5)) > 0
    return Gpu(
        vendor="nvidia",
        index=0,
        name="card",
        memory_mib=draw(memories),
        compute_capability=draw(st.sampled_from([None, *CAPABILITIES, *WITH_CODE, *WITH_CODE])),
        state=state,
        why=why,
        slice_of=None if whole else draw(st.integers(0, 1)),
        cuts=None if whole else draw(st.integers(1, 7)),
    )


@st.composite
def amd_cards(draw: st.DrawFn) -> Gpu:
    state, why = draw(conditions)
    gfx = draw(st.sampled_from([None, *GFX]))
    return Gpu(
        vendor="amd",
        index=0,
        name="card",
        memory_mib=draw(memories),
        gfx=gfx,
        state=state,
        why=why,
        integrated=is_integrated(gfx),
    )


cards = st.one_of(nvidia_cards(), amd_cards())


@st.composite
def machines(draw: st.DrawFn, least: int = 0) -> Facts:
    """A machine with one driver for all NVIDIA cards, each card with a number and a name."""
    driver = draw(st.one_of(st.none(), drivers, drivers, drivers))
    drawn = draw(st.lists(cards, min_size=least, max_size=4))
    return Facts(host=draw(hosts), gpus=numbered(drawn, driver))


def numbered(drawn: list[Gpu], driver: str | None) -> tuple[Gpu, ...]:
    """As detection lists them: NVIDIA's first, numbered within their vendor."""
    gpus: list[Gpu] = []
    for vendor in VENDORS:
        for index, gpu in enumerate(gpu for gpu in drawn if gpu.vendor == vendor):
            gpus.append(
                replace(
                    gpu,
                    index=index,
                    uuid=f"GPU-{index}" if vendor == "nvidia" else None,
                    name=f"{vendor} {index}",
                    driver=driver if vendor == "nvidia" else None,
                )
            )
    return tuple(gpus)


def rank(choice: Choice) -> tuple[int, int]:
    """How good the build is: its place in the walk, the best first; the CPU after all."""
    selection = choice.selection
    if selection.backend == "cpu":
        return (len(TABLE.walk()), 0)
    line = line_of(selection.torch)
    wheels = [build.wheel for build in TABLE.of_line(line, selection.backend)]
    return (TABLE.walk().index(line), wheels.index(selection.wheel))


def order(gpu: Gpu) -> tuple[object, ...]:
    """The order in which cards are tried."""
    return (VENDORS.index(gpu.vendor), usefulness(gpu))


@settings(max_examples=500, deadline=None)
@given(machines(least=1))
def test_a_card_more_never_makes_the_choice_worse_for_the_others(facts: Facts) -> None:
    """The last card of each vendor is the one that came: the others keep their numbers."""
    whole = choose(facts, TABLE).selection
    for vendor in VENDORS:
        own = [gpu for gpu in facts.gpus if gpu.vendor == vendor]
        if not own:
            continue
        new = own[-1]
        others = tuple(gpu for gpu in facts.gpus if gpu is not new)
        before = choose(replace(facts, gpus=others), TABLE).selection
        if before.backend == "cpu":
            continue
        assert whole.backend != "cpu", "a card more took the GPU away"
        if whole.gpus[0] is new:
            assert order(new) < order(before.gpus[0]), "a less useful card decides"
        else:
            # It did not decide: all is as it was, with or without it beside the others.
            assert tuple(gpu for gpu in whole.gpus if gpu is not new) == before.gpus
            assert (whole.torch, whole.wheel, whole.env) == (
                before.torch,
                before.wheel,
                before.env,
            )


@settings(max_examples=500, deadline=None)
@given(machines(least=1))
def test_the_most_useful_card_that_has_a_build_gets_its_best_one(facts: Facts) -> None:
    """The build is the one that the card would get alone; before it come only cards without any."""
    whole = choose(facts, TABLE).selection
    for gpu in sorted(Question(facts=facts, table=TABLE).usable, key=order):
        alone = choose(replace(facts, gpus=(gpu,)), TABLE).selection
        if alone.backend != "cpu":
            assert whole.gpus[0] is gpu
            assert (whole.torch, whole.wheel, whole.env) == (alone.torch, alone.wheel, alone.env)
            return
    assert whole.backend == "cpu"


@settings(max_examples=500, deadline=None)
@given(machines(least=1))
def test_every_card_of_a_choice_runs_its_build_and_every_other_one_is_told_why_not(
    facts: Facts,
) -> None:
    choice = choose(facts, TABLE)
    selection = choice.selection
    usable = Question(facts=facts, table=TABLE).usable
    if selection.backend == "cpu":
        return
    build = TABLE.find(line_of(selection.torch), selection.wheel)
    assert build is not None
    assert not build.retired
    assert not build.experimental
    assert len(set(selection.visible_devices)) == len(selection.gpus)
    primary = selection.gpus[0]
    for gpu in selection.gpus:
        assert gpu in usable
        assert misfit(build, gpu, Question(facts=facts, table=TABLE)) is None
        override = hsa_override(build, gpu, Question(facts=facts, table=TABLE))
        env = {HSA_OVERRIDE: override.version} if override else {}
        # Under the override of the first card, one with code of its own has to be its target.
        assert selection.env == env or (
            primary.gfx is not None and TABLE.hsa_overrides[primary.gfx].runs_as == gpu.gfx
        )
    unused = [gpu for gpu in usable if gpu not in selection.gpus]
    # Slices are counted, and told in one line.
    slices = [g for g in unused if g.slice_of is not None and g.vendor == primary.vendor]
    counted = [e.finding.count for e in choice.advice if isinstance(e.finding, SlicesLeftOut)]
    assert counted == ([len(slices)] if slices else [])
    told = [entry for entry in choice.advice if entry.finding.code in LEFT_OUT]
    assert len(told) == len(unused) - len(slices)


@settings(max_examples=500, deadline=None)
@given(machines(least=1))
def test_a_container_is_given_no_card_but_the_chosen(facts: Facts) -> None:
    selection = choose(facts, TABLE).selection
    if selection.backend not in ("cuda", "rocm"):
        assert selection.run_flags == ()
        return
    vendor = selection.gpus[0].vendor
    others = [g for g in facts.gpus if g.vendor == vendor and g not in selection.gpus]
    everything = "--env" not in selection.run_flags and bool(
        {"all", "/dev/dri"} & set(selection.run_flags)
    )
    # A Jetson has one GPU; inside a container nothing can be said of AMD's cards without a node; a
    # slice is always named.
    limits = facts.host.tegra or (vendor == "amd" and facts.host.container)
    sliced = selection.gpus[0].slice_of is not None
    assert limits or everything == (not others and not sliced)
    words = {word for flag in selection.run_flags for word in re.split(r"[=,\"]", flag)}
    if vendor == "nvidia":
        assert not words & {gpu.uuid for gpu in others}


@settings(max_examples=500, deadline=None)
@given(machines(least=1), drivers, drivers)
def test_a_newer_driver_never_loses_a_build(facts: Facts, one: str, other: str) -> None:
    """Neither for a card and a build, nor in the choice for the whole machine."""
    older, newer = sorted((one, other), key=lambda text: parse_version(text) or ())

    def with_driver(driver: str) -> Facts:
        gpus = [
            replace(gpu, driver=driver) if gpu.vendor == "nvidia" else gpu for gpu in facts.gpus
        ]
        return replace(facts, gpus=tuple(gpus))

    old, new = with_driver(older), with_driver(newer)
    for before, after in zip(old.gpus, new.gpus, strict=True):
        fitted = [build for build in TABLE.builds if fits(build, before, old)]
        assert all(fits(build, after, new) for build in fitted)
    first, second = choose(old, TABLE), choose(new, TABLE)
    if first.selection.backend != "cpu":
        assert second.selection.backend != "cpu"
        same = [(g.vendor, g.index) for g in first.selection.gpus[:1]]
        if [(g.vendor, g.index) for g in second.selection.gpus[:1]] == same:
            assert rank(second) <= rank(first)


def fits(build: Build, gpu: Gpu, facts: Facts) -> bool:
    return build.backend != "cpu" and misfit(build, gpu, Question(facts=facts, table=TABLE)) is None


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(CAPABILITIES), drivers)
def test_only_the_tables_of_drivers_take_a_card_from_a_newer_or_older_driver(capability, driver):
    """A card that nothing but the PCI bus shows, on a machine whose driver runs."""
    sighting = Sighting(vendor="nvidia", compute_capability=capability, bus="0000:01:00.0")
    evidence = Evidence(
        host=Host(arch="x86_64", os="linux"),
        nodes=(
            Node(path="/dev/nvidiactl", group=0, open_to_all=True, usable=True),
            Node(path="/dev/nvidia0", group=0, open_to_all=True, usable=True),
        ),
        nvidia_driver=driver,
        environ={},
    )
    (gpu,) = judge([Merged(sighting=sighting, sources=frozenset({"pci"}))], evidence)
    last = last_driver(capability)
    dropped = last is not None and at_least(driver, str(int(last) + 1))
    assert isinstance(gpu.why, DroppedByDriver) == dropped
    first = first_driver(capability)
    too_old = first is not None and not at_least(driver, first)
    assert isinstance(gpu.why, OlderThanCard) == too_old
    assert gpu.state == ("present" if dropped or too_old else "accessible")
