"""Where the probe runs, by each of its marks: what each place has, and what only looks like it."""

import pytest

from probe.detect.where import NAMES, manager_variable, read_where
from probe.facts import POD
from probe.place import Where

WSL2_RELEASE = "6.6.87.2-microsoft-standard-WSL2\n"
CLOCK = "/sys/devices/system/clocksource/clocksource0/available_clocksource"


def where(machine, *files, **variables) -> Where:
    for path, text in files:
        machine.file(path, text)
    machine.variables |= variables
    return read_where(machine.machine())


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ([("/proc/sys/kernel/osrelease", WSL2_RELEASE)], "wsl2"),
        ([("/proc/sys/kernel/osrelease", "4.19.128-microsoft-standard\n")], "wsl2"),
        ([("/proc/sys/kernel/osrelease", "6.1.0-xanmod1-WSL2\n")], "wsl2"),
        ([("/proc/sys/kernel/osrelease", "6.12.1-own\n"), ("/dev/dxg", "")], "wsl2"),
        ([("/proc/sys/fs/binfmt_misc/WSLInterop", "enabled\n")], "wsl2"),
        ([("/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n")], "wsl1"),
        ([("/proc/self/mountinfo", "2 2 0:2 / / rw - wslfs rootfs rw\n")], "wsl1"),
        ([("/sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009)\n")], "unknown"),
        ([("/sys/class/dmi/id/sys_vendor", "QEMU\n")], "vm"),
        ([("/sys/class/dmi/id/product_name", "KVM Virtual Machine\n")], "vm"),
        (
            [
                ("/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n"),
                ("/sys/class/dmi/id/product_name", "Virtual Machine\n"),
            ],
            "vm",
        ),
        ([("/sys/hypervisor/type", "xen\n")], "vm"),
        ([("/proc/device-tree/hypervisor/compatible", "linux,kvm\0")], "vm"),
        ([(CLOCK, "tsc kvm-clock acpi_pm\n")], "vm"),
        (
            [
                ("/sys/class/dmi/id/sys_vendor", "ASUSTeK COMPUTER INC.\n"),
                (CLOCK, "tsc hpet acpi_pm\n"),
            ],
            "bare-metal",
        ),
        (
            [
                ("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n"),
                ("/sys/class/dmi/id/product_name", "g4dn.metal\n"),
            ],
            "bare-metal",
        ),
        (
            [
                ("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n"),
                ("/sys/class/dmi/id/product_name", "g4dn.xlarge\n"),
            ],
            "vm",
        ),
        ([], "unknown"),
    ],
)
def test_what_the_kernel_runs_on(machine, files, kind):
    assert where(machine, *files).machine == kind


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("/.dockerenv", "", "docker"),
        ("/run/.containerenv", 'engine="podman-5.6"\n', "podman"),
        ("/.singularity.d/env", "", "apptainer"),
        ("/opt/alternator/variant.json", "{}", "other"),
        ("/dev/lxd/sock", "", "lxc"),
        ("/dev/incus/sock", "", "lxc"),
        ("/run/systemd/container", "lxc\n", "lxc"),
        ("/run/systemd/container", "systemd-nspawn\n", "nspawn"),
        ("/run/systemd/container", "docker\n", "docker"),
        ("/run/systemd/container", "something-new\n", "other"),
        ("/run/host/container-manager", "systemd-nspawn\n", "nspawn"),
        ("/proc/1/environ", "HOME=/\0container=lxc\0TERM=linux\0", "lxc"),
        ("/proc/1/environ", "container=podman\0", "podman"),
        ("/proc/1/environ", "HOME=/\0TERM=linux\0", None),
        ("/proc/1/cgroup", "12:memory:/docker/abc\n", "docker"),
        ("/proc/1/cgroup", "0::/system.slice/docker-abc.scope\n", "docker"),
        ("/proc/1/cgroup", "4:memory:/lxc/101/ns\n", "lxc"),
        ("/proc/1/cgroup", "0::/lxc.payload.web/init.scope\n", "lxc"),
        ("/proc/1/cgroup", "0::/machine.slice/libpod-abc.scope\n", "podman"),
        ("/proc/1/cgroup", "0::/nerdctl/abc\n", "containerd"),
        ("/proc/1/cgroup", "0::/init.scope\n", None),
        ("/proc/vz/veinfo", "", "openvz"),
    ],
)
def test_who_made_the_container(machine, path, text, kind):
    assert where(machine, (path, text)).container == kind


def test_docker_in_a_system_container_is_docker(machine):
    """Of cgroups of version 1 a container sees all, from the outermost on."""
    found = where(machine, ("/proc/1/cgroup", "4:memory:/lxc/101/docker/abc\n"))
    assert (found.container, found.kind) == ("docker", "container")


def test_podmans_own_mark_counts_before_one_out_of_the_image(machine):
    found = where(machine, ("/run/.containerenv", ""), ("/.dockerenv", ""))
    assert found.container == "podman"


@pytest.mark.parametrize(
    ("files", "variables"),
    [
        ([], {POD: "10.0.0.1"}),
        ([("/var/run/secrets/kubernetes.io/serviceaccount/namespace", "x")], {}),
        ([("/proc/1/cgroup", "0::/kubepods.slice/cri-containerd-abc.scope\n")], {}),
        (
            [
                (
                    "/proc/self/mountinfo",
                    "9 1 8:1 /var/lib/kubelet/pods/x/etc-hosts /etc/hosts rw - ext4 /dev/sda rw\n",
                )
            ],
            {},
        ),
    ],
)
def test_a_pod(machine, files, variables):
    found = where(machine, *files, **variables)
    assert (found.pod, found.kind) == (True, "pod")
    assert found.container is not None


def test_containerds_containers_have_no_mark_of_their_own(machine):
    """nerdctl, cgroups of version 2 in a namespace: nothing is left but what is not there."""
    assert where(machine, ("/proc/1/cgroup", "0::/\n")).container == "other"


@pytest.mark.parametrize(
    "path",
    ["/run/systemd/system/x", "/run/openrc/softlevel", "/run/runit/runsvdir", "/run/s6-rc/x"],
)
def test_a_host_whose_init_makes_no_cgroups_is_none(machine, path):
    assert where(machine, ("/proc/1/cgroup", "0::/\n"), (path, "")).container is None


def test_a_hosts_second_process_is_a_thread_of_the_kernel(machine):
    host = where(machine, ("/proc/1/cgroup", "0::/\n"), ("/proc/2/comm", "kthreadd\n"))
    assert host.container is None
    inside = where(machine, ("/proc/2/comm", "bash\n"))
    assert inside.container == "other"


def test_a_distribution_under_wsl_is_no_container(machine):
    """Its processes are numbered anew, and its init stands at the root of the cgroups."""
    found = where(
        machine,
        ("/proc/sys/kernel/osrelease", WSL2_RELEASE),
        ("/proc/1/cgroup", "0::/\n"),
        ("/proc/2/comm", "init\n"),
    )
    assert (found.container, found.kind) == (None, "wsl")


def test_a_container_under_wsl_is_both(machine):
    found = where(machine, ("/proc/sys/kernel/osrelease", WSL2_RELEASE), ("/.dockerenv", ""))
    assert (found.machine, found.container, found.kind) == ("wsl2", "docker", "container")


SNAP = {"SNAP": "/snap/code/1", "SNAP_NAME": "code", "SNAP_REVISION": "1"}


@pytest.mark.parametrize(
    ("profile", "sandbox"),
    [
        ("snap.code.code (enforce)\n", "snap"),
        ("unconfined\n", None),
        ("snap.code.code (complain)", None),
    ],
)
def test_a_snap_is_confined_where_the_kernel_says_so(machine, profile, sandbox):
    found = where(machine, ("/proc/self/attr/current", profile), **SNAP)
    assert (found.sandbox, found.container) == (sandbox, None)


def test_a_flatpak(machine):
    found = where(machine, ("/.flatpak-info", "[Application]\n"), FLATPAK_ID="org.example.App")
    assert (found.sandbox, len(found.marks)) == ("flatpak", 2)


def test_a_flatpaks_own_processes_make_it_no_container(machine):
    found = where(machine, ("/.flatpak-info", ""), ("/proc/2/comm", "app\n"))
    assert (found.sandbox, found.container, found.kind) == ("flatpak", None, "host")


def test_every_mark_that_was_seen_is_kept(machine):
    found = where(
        machine,
        ("/run/systemd/container", "lxc\n"),
        ("/proc/1/environ", "container=lxc\0"),
        ("/proc/self/mountinfo", "8 6 0:5 /proc/stat /proc/stat rw - fuse.lxcfs lxcfs rw\n"),
    )
    assert [mark.seen for mark in found.marks] == [
        "/run/systemd/container: lxc",
        "/proc/1/environ: lxc",
        "/proc/self/mountinfo: /proc/stat fuse.lxcfs",
    ]
    assert found.kind == "lxc"


def test_of_the_first_process_nothing_but_its_manager_is_kept():
    assert manager_variable("TOKEN=secret\0container=lxc\0HOME=/root\0") == "container=lxc"
    assert manager_variable("TOKEN=secret\0my_container=x\0") == ""
    assert manager_variable(manager_variable("container=oci\0")) == "container=oci"


def test_nothing_that_tells_a_person_is_among_the_variables():
    assert not {"HOME", "USER", "HOSTNAME", "PATH"} & set(NAMES)
