"""What doctor tells to do."""

import dataclasses

from probe.decide.choice import ImageBuild
from probe.decide.choose import choose
from probe.facts import Facts, Gpu, Host, Node
from probe.findings.engines import NoCdiFile, NoEngine, NoToolkit
from probe.findings.gpu import Hidden, NodeClosed
from probe.findings.nvidia import GpuLost
from probe.findings.nvidia_driver import SlowToAnswer
from probe.frozen_record import replace
from probe.machine.host_software import HostSoftware
from probe.place import Where
from probe.report.doctor import improvements, improvements_text
from probe.report.examination import NO_SETTING, Improvement, Setting
from probe.steps import System
from probe.tables.systems import systems

COMPLETE = HostSoftware(
    docker=True,
    podman=False,
    nvidia_toolkit=True,
    cdi=False,
)
BARE = HostSoftware(docker=True, podman=False, nvidia_toolkit=False, cdi=False)


def nvidia_machine(driver="580.95.05", **host) -> Facts:
    gpu = Gpu(
        vendor="nvidia",
        index=0,
        uuid="GPU-a",
        name="card",
        memory_mib=16384,
        driver=driver,
        compute_capability=(8, 6),
        state="accessible",
    )
    return Facts(host=Host(arch="x86_64", os="linux", **host), gpus=(gpu,))


def system(name: str) -> System:
    """A row of the table of systems."""
    return next(system for system in systems() if system.id == name)


MODELS = "card has 16.0 GiB: Whisper models up to large-v3 fit"


def steps(facts, table, around=COMPLETE, setting=NO_SETTING):
    """The improvements without the line on models, which every usable GPU has."""
    choice = choose(facts, table, image=setting.image)
    found = improvements(facts, table, choice, around, setting)
    return tuple(step for step in found if step.what != MODELS)


def test_a_machine_in_order(table):
    facts = nvidia_machine()
    assert steps(facts, table) == ()
    (note,) = improvements(facts, table, choose(facts, table), COMPLETE)
    assert note == Improvement(what=MODELS)
    assert improvements_text(()) == "\nnothing to improve\n"


def test_a_card_that_somebody_hides_beside_one_in_use_is_nothing_to_mend(table):
    facts = nvidia_machine()
    hidden = replace(
        facts.gpus[0],
        index=1,
        name="other",
        state="present",
        why=Hidden(variable="CUDA_VISIBLE_DEVICES", value="0"),
    )
    (note,) = steps(replace(facts, gpus=(*facts.gpus, hidden)), table)
    assert note == Improvement(what="other: hidden by CUDA_VISIBLE_DEVICES=0")
    (alone,) = steps(replace(facts, gpus=(hidden,)), table)
    assert alone.steps == ("unset CUDA_VISIBLE_DEVICES, or name the GPU in it",)


def test_no_toolkit(table):
    (step,) = steps(nvidia_machine(), table, BARE)
    assert step.what == str(NoToolkit())
    assert "sudo nvidia-ctk runtime configure --runtime=docker" in step.steps


def test_podman_without_cdi(table):
    around = HostSoftware(docker=False, podman=True, nvidia_toolkit=True, cdi=False)
    (step,) = steps(nvidia_machine(), table, around)
    assert step.what == str(NoCdiFile())
    assert step.steps == ("sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",)


def test_no_engine(table):
    around = HostSoftware(
        docker=False,
        podman=False,
        nvidia_toolkit=False,
        cdi=False,
    )
    facts = Facts(host=Host(arch="x86_64", os="linux", system=system("debian")))
    (step,) = steps(facts, table, around)
    assert step.what == str(NoEngine())
    assert "apt-get install docker.io" in step.steps[0]
    inside = Facts(host=Host(arch="x86_64", os="linux", container=True))
    assert steps(inside, table, around) == ()


def test_in_lxc_an_engine_is_installed_as_on_a_machine_and_a_driver_is_the_hosts(table):
    lxc = {"where": Where(container="lxc"), "container": True, "system": system("debian")}
    around = HostSoftware(docker=False, podman=False, nvidia_toolkit=False, cdi=False)
    old, engine, *_ = steps(nvidia_machine("515.105.01", **lxc), table, around)
    assert old.steps == ("on the host: install NVIDIA's driver 580 or newer and reboot",)
    assert engine.steps[0].startswith("sudo apt-get install docker.io")


def test_an_old_driver_is_told_once_with_the_command_of_the_distribution(table):
    (step,) = steps(nvidia_machine("515.105.01", system=system("ubuntu")), table)
    assert step.steps == ("sudo ubuntu-drivers install nvidia:580 && sudo reboot",)


def test_wsl_updates_the_driver_in_windows(table):
    found = steps(nvidia_machine("566.14", wsl=True), table, BARE)
    assert any("wsl --shutdown" in " ".join(step.steps) for step in found)
    assert not any("apt-get" in " ".join(step.steps) for step in found)


def test_closed_nodes(table):
    gpu = Gpu(
        vendor="amd",
        index=0,
        name="card",
        gfx="gfx1100",
        state="present",
        why=NodeClosed(path="/dev/kfd", groups=(993,)),
    )
    nodes = (Node(path="/dev/kfd", group=993, open_to_all=False, usable=False),)
    facts = Facts(host=Host(arch="x86_64", os="linux"), gpus=(gpu,), nodes=nodes)
    first = steps(facts, table)[0]
    assert "/dev/kfd may not be opened" in first.what
    assert "getent group 993" in first.steps[0]


def test_what_is_in_the_way_comes_with_its_remedy(table):
    gpu = Gpu(vendor="nvidia", index=0, name="card", state="dead", why=GpuLost())
    facts = Facts(host=Host(arch="x86_64", os="linux"), gpus=(gpu,))
    (step,) = steps(facts, table)
    assert improvements_text((step,)) == (
        "\nwhat would make it better:\n- card: the GPU is lost: it fell off the bus\n    reboot\n"
        "    if it happens again: sudo dmesg | grep Xid\n"
    )


def test_the_machines_memory_matters_only_where_the_cpu_computes(table):
    large, small = Setting(model="large-v3"), dataclasses.replace(COMPLETE, memory_mib=4096)
    without = Facts(host=Host(arch="x86_64", os="linux"))
    (step,) = steps(without, table, small, large)
    assert step.what.endswith("on a CPU, this machine has 4.0 GiB")
    assert steps(nvidia_machine(), table, small, large) == ()


def test_a_driver_is_not_told_twice(table):
    """What the choice advises on the driver is what the step with the command says."""
    old = nvidia_machine("535.161.07")
    said = [entry.finding.code for entry in choose(old, table).advice]
    assert said == ["driver-disputed"]
    (step,) = steps(old, table)
    assert step.what.startswith("card: driver 535.161.07; with 580")


def test_limits_without_a_remedy_come_last(table):
    gpu = Gpu(vendor="amd", index=0, name="card", gfx="gfx900", state="accessible")
    facts = Facts(host=Host(arch="x86_64", os="linux"), gpus=(gpu,))
    text = improvements_text(steps(facts, table))
    assert text == (
        "\nworth knowing:\n- card: rocBLAS has no kernels for gfx900: the first matrix product "
        "would abort; no other build of torch helps\n"
    )


def test_another_image_suits_this_machine(table):
    image = ImageBuild(variant="cpu", torch="2.13.0", wheel="cpu")
    (step,) = steps(nvidia_machine(container=True), table, setting=Setting(image=image))
    assert step.what == (
        "this image holds torch 2.13.0 cpu; the cuda image with cu130 is the right one for card"
    )
    assert step.steps[0].startswith("make images VARIANT=cuda WHEEL=cu130")
    right = ImageBuild(variant="cuda", torch="2.13.0", wheel="cu130")
    assert steps(nvidia_machine(container=True), table, setting=Setting(image=right)) == ()


def test_a_build_that_ends_soon_is_told(table):
    facts = nvidia_machine()
    volta = replace(facts.gpus[0], compute_capability=(7, 0))
    (step,) = steps(replace(facts, gpus=(volta,)), table)
    assert step.what == "card (compute capability 7.0) has no build after torch 2.14"


def test_an_old_card_is_not_told_to_take_a_driver_that_leaves_it_out(table):
    facts = nvidia_machine("515.105.01", system=system("ubuntu"))
    old = replace(facts.gpus[0], compute_capability=(6, 1))
    facts = replace(facts, gpus=(old,))
    (step,) = steps(facts, table)
    assert "with 580 (newer ones leave this card out) torch 2.13.0 cu126 fits" in step.what
    assert step.steps == ("sudo ubuntu-drivers install nvidia:580 && sudo reboot",)


def test_a_card_without_nvidias_driver_gets_the_command_that_installs_it(machine, table):
    machine.file("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de")
    machine.file("/sys/bus/pci/devices/0000:01:00.0/device", "0x2684")
    machine.file("/sys/bus/pci/devices/0000:01:00.0/uevent", "DRIVER=nouveau")
    machine.tool("ubuntu-drivers", "exit 1")
    machine.tool("sudo", "exit 1")
    machine.file("/etc/os-release", "ID=ubuntu\n")
    facts = machine.facts()
    facts = replace(facts, host=replace(facts.host, arch="x86_64", root=False))
    (step,) = steps(facts, table, BARE)
    assert step.steps == ("sudo ubuntu-drivers install nvidia:580 && sudo reboot",)


def test_a_note_on_the_driver_comes_with_its_commands_and_once(table):
    facts = replace(nvidia_machine(), notes=(SlowToAnswer(seconds=21.0),))
    (step,) = steps(facts, table)
    assert step.what.startswith("nvidia-smi took 21 s to answer")
    assert step.steps == (
        "keep the cards awake by persistence mode: sudo nvidia-smi -pm 1",
        "and for good: sudo systemctl enable --now nvidia-persistenced",
    )
