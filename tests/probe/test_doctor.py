"""What doctor tells to do."""

from probe.choose import choose
from probe.doctor import improvements, improvements_text
from probe.facts import Facts, Gpu, Host, Node
from probe.surroundings import Surroundings, look_around

COMPLETE = Surroundings(
    docker=True,
    podman=False,
    nvidia_toolkit=True,
    nvidia_ctk=True,
    cdi=False,
    distribution="debian",
)
BARE = Surroundings(docker=True, podman=False, nvidia_toolkit=False, nvidia_ctk=False, cdi=False)


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


def steps(facts, table, around=COMPLETE):
    return improvements(facts, table, choose(facts, table), around)


def test_a_machine_in_order(table):
    found = steps(nvidia_machine(), table)
    assert found == ()
    assert improvements_text(found) == "\nnothing to improve\n"


def test_no_toolkit(table):
    (step,) = steps(nvidia_machine(), table, BARE)
    assert "no NVIDIA Container Toolkit" in step.what
    assert "nvidia-ctk runtime configure --runtime=docker" in step.do


def test_podman_without_cdi(table):
    around = Surroundings(
        docker=False, podman=True, nvidia_toolkit=True, nvidia_ctk=True, cdi=False
    )
    (step,) = steps(nvidia_machine(), table, around)
    assert step.do == "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"


def test_no_engine(table):
    around = Surroundings(
        docker=False, podman=False, nvidia_toolkit=False, nvidia_ctk=False, cdi=False
    )
    facts = Facts(host=Host(arch="x86_64", os="linux"))
    (step,) = steps(facts, table, around)
    assert step.what == "no container engine is installed"
    assert "apt-get install docker.io" in step.do
    inside = Facts(host=Host(arch="x86_64", os="linux", container=True))
    assert steps(inside, table, around) == ()


def test_an_old_driver_is_told_once_with_the_command_of_the_distribution(table):
    ubuntu = Surroundings(
        docker=True,
        podman=False,
        nvidia_toolkit=True,
        nvidia_ctk=True,
        cdi=False,
        distribution="ubuntu",
    )
    (step,) = steps(nvidia_machine("515.105.01"), table, ubuntu)
    assert step.do == "sudo ubuntu-drivers install nvidia:580 && sudo reboot"


def test_wsl_updates_the_driver_in_windows(table):
    found = steps(nvidia_machine("566.14", wsl=True), table, BARE)
    assert any("wsl --shutdown" in (step.do or "") for step in found)
    assert not any("apt-get" in (step.do or "") for step in found)


def test_closed_nodes(table):
    gpu = Gpu(
        vendor="amd",
        index=0,
        name="card",
        gfx="gfx1100",
        state="present",
        why="/dev/kfd may not be opened by this user",
        denied=True,
    )
    nodes = (Node(path="/dev/kfd", group=993, open_to_all=False, usable=False),)
    facts = Facts(host=Host(arch="x86_64", os="linux"), gpus=(gpu,), nodes=nodes)
    first = steps(facts, table)[0]
    assert "/dev/kfd may not be opened" in first.what
    assert "getent group 993" in first.do


def test_what_is_in_the_way_comes_with_its_remedy(table):
    gpu = Gpu(
        vendor="nvidia", index=0, name="card", state="dead", why="it is lost", remedy="reboot"
    )
    facts = Facts(host=Host(arch="x86_64", os="linux"), gpus=(gpu,))
    (step,) = steps(facts, table)
    assert (step.what, step.do) == ("card: it is lost", "reboot")
    assert improvements_text((step,)) == (
        "\nwhat would make it better:\n- card: it is lost\n    reboot\n"
    )


def test_surroundings(machine):
    machine.tool("docker", "exit 1")
    machine.tool("nvidia-ctk", "exit 1")
    machine.file("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu\n")
    machine.file("/etc/os-release", 'NAME="Debian GNU/Linux"\nID="debian"\n')
    assert look_around(machine.machine()) == Surroundings(
        docker=True,
        podman=False,
        nvidia_toolkit=True,
        nvidia_ctk=True,
        cdi=True,
        distribution="debian",
    )


def test_a_driver_is_not_told_twice(table):
    """What the choice advises on the driver is what the step with the command says."""
    old = nvidia_machine("535.161.07")
    assert any("535.161.07" in line for line in choose(old, table).advice)
    assert len([step for step in steps(old, table) if "535.161.07" in step.what]) == 1


def test_limits_without_a_remedy_come_last(table):
    gpu = Gpu(vendor="amd", index=0, name="card", gfx="gfx900", state="accessible")
    facts = Facts(host=Host(arch="x86_64", os="linux"), gpus=(gpu,))
    text = improvements_text(steps(facts, table))
    assert text == (
        "\nworth knowing:\n- card: rocBLAS has no kernels for gfx900: the first matrix product "
        "would abort; no other build of torch helps\n"
    )
