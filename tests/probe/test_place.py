"""What remedies differ by."""

import pytest

from probe.place import PlaceKind, Where


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        (Where(), "host"),
        (Where(machine="vm"), "host"),
        (Where(machine="wsl2"), "wsl"),
        (Where(machine="wsl1"), "wsl1"),
        (Where(machine="wsl2", container="docker"), "container"),
        (Where(container="lxc"), "lxc"),
        (Where(container="nspawn"), "lxc"),
        (Where(container="podman"), "container"),
        (Where(container="containerd", pod=True), "pod"),
        (Where(sandbox="snap"), "host"),
    ],
)
def test_the_kind_of_a_place(where: Where, kind: PlaceKind) -> None:
    assert where.kind == kind
