"""What the mounts tell of a place, and how little of them is kept."""

import pytest

from probe.detect.mounts import MOUNTS, mount_marks, telling

DOCKER = (
    "721 621 0:58 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AB\n"
    "730 721 254:1 /var/lib/docker/containers/abc/hosts /etc/hosts rw - ext4 /dev/mapper/x--vg rw\n"
)
NERDCTL = (
    "88 70 0:41 / / rw - overlay overlay rw,lowerdir=/var/lib/containerd/"
    "io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs\n"
    "90 88 8:1 /var/lib/nerdctl/19/etchosts/abc/hosts /etc/hosts rw - ext4 /dev/sda rw\n"
)
POD = "9 1 8:1 /var/lib/kubelet/pods/uid/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
PODMAN = (
    "9 1 0:5 /containers/storage/overlay-containers/abc/userdata/hosts /etc/hosts rw - tmpfs t rw\n"
)
LXC = "80 60 0:50 /proc/cpuinfo /proc/cpuinfo rw,nosuid - fuse.lxcfs lxcfs rw\n"
WSL1 = "2 2 0:2 / / rw,noatime - wslfs rootfs rw\n"
# What has an overlay and is no container: a live system, and Fedora's image-based ones (composefs).
LIVE = "30 1 0:26 / / rw - overlay /cow rw,lowerdir=/filesystem.squashfs,upperdir=/cow/upper\n"
ATOMIC = "60 1 0:35 / / ro - overlay composefs ro,lowerdir=/run/ostree/.private/cfsroot-lower\n"
# A host of Docker: the mounts of its containers are not its own.
DOCKER_HOST = (
    "27 1 254:0 / / rw - ext4 /dev/mapper/alices--laptop--vg-root rw\n"
    "50 27 0:39 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw,lowerdir=/x\n"
    "61 27 0:44 / /home/alice/cloud rw - fuse.sshfs alice@example.net:/ rw\n"
)


@pytest.mark.parametrize(
    ("mounts", "tells"),
    [
        (DOCKER, {"docker"}),
        (NERDCTL, {"containerd"}),
        (POD, {"kubernetes"}),
        (PODMAN, {"podman"}),
        (LXC, {"lxc"}),
        (WSL1, {"wsl1"}),
        (LIVE, set()),
        (ATOMIC, set()),
        (DOCKER_HOST, set()),
        ("", set()),
        ("no mount\n1 2 3\n - \n", set()),
    ],
)
def test_who_made_the_root_and_the_files_of_etc(machine, mounts, tells):
    machine.file(MOUNTS, mounts)
    marks = mount_marks(machine.machine().tree)
    assert {mark.tells for mark in marks} == tells


@pytest.mark.parametrize("mounts", [DOCKER, NERDCTL, POD, LXC, WSL1, DOCKER_HOST])
def test_what_is_kept_is_the_same_when_read_again(mounts):
    assert telling(telling(mounts)) == telling(mounts)


def test_no_name_of_a_host_or_a_person_is_kept():
    assert telling(DOCKER_HOST) == "/ ext4"
    assert "x--vg" not in telling(DOCKER)
