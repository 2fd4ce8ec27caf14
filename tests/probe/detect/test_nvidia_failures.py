"""Codes of NVIDIA's tools, by the kind of machine."""

import pytest

from probe.detect.evidence import Evidence
from probe.detect.nvidia_failures import (
    CUDA_FAILURES,
    DEAD,
    SMI_FAILURES,
    WSL_LOADER,
    about_the_loader,
    cuda_failure,
    smi_failure,
)
from probe.facts import CudaView, Host, Sighting
from probe.findings import libcuda, nvidia, nvidia_faults
from probe.frozen_record import replace
from probe.place import Where

HOST = Host(arch="x86_64", os="linux")
WSL = replace(HOST, wsl=True)


def cuda(status: int, host: Host = HOST, **known: object) -> Evidence:
    return replace(Evidence(host=host, cuda=CudaView(status=status), environ={}), **known)


@pytest.mark.parametrize("container", [False, True])
def test_under_wsl_the_driver_is_windowss(container):
    """``modprobe`` helps neither in WSL2 nor in a container there."""
    host = replace(WSL, container=container)
    assert smi_failure(9, host) == nvidia_faults.WindowsDriver()
    assert smi_failure(9, HOST) == nvidia.DriverNotLoaded()
    assert smi_failure(15, host) == nvidia.GpuLost()


@pytest.mark.parametrize("code", [None, 0, 1, 77])
def test_a_code_that_says_nothing(code):
    assert smi_failure(code, HOST) is None


def test_a_card_that_is_dead_has_a_reason():
    assert set(DEAD) <= SMI_FAILURES.keys()


def test_nodes_that_a_containers_rules_close_are_no_missing_device():
    """libcuda finds no device where nvidia-smi meets an error: its nodes can't be opened."""
    container = replace(HOST, container=True)
    assert cuda_failure(cuda(100, container, smi_exit=255)) == nvidia.DriverUnknownError()
    assert cuda_failure(cuda(100, container, smi_exit=6)) == libcuda.LibcudaNoDevice()
    assert cuda_failure(cuda(100, smi_exit=255)) == libcuda.LibcudaNoDevice()


def test_a_confidential_machine_has_no_fabric_manager():
    assert cuda_failure(cuda(802)) == libcuda.NotReady()
    assert cuda_failure(cuda(802, confidential=True)) == libcuda.NotSetReady()
    assert cuda_failure(cuda(999, confidential=True)) == libcuda.CudaUnknownError()


@pytest.mark.parametrize("status", [805, 806, 807, 808, 809, 810])
def test_mps_has_remedies_of_its_own(status):
    why = cuda_failure(cuda(status))
    assert str(status) in str(why)
    full = status in (808, 809)
    assert isinstance(why, libcuda.MpsFull if full else libcuda.MpsNotReached)
    assert any("--ipc=host" in step for step in why.remedy("container")) != full


def test_an_error_without_an_entry_keeps_its_number():
    assert 7 not in CUDA_FAILURES
    assert cuda_failure(cuda(7)) == libcuda.CudaError(status=7)


@pytest.mark.parametrize(
    ("status", "host", "about"),
    [
        (34, HOST, True),
        (803, HOST, True),
        (804, HOST, True),
        (100, HOST, False),
        (100, WSL, True),
        (803, WSL, True),
        (802, HOST, False),
        (999, HOST, False),
        (0, HOST, False),
        (803, replace(HOST, container=True), False),
        (100, replace(WSL, container=True), False),
    ],
)
def test_what_is_only_about_the_hosts_loader(status, host, about):
    assert about_the_loader(cuda(status, host)) == about


def test_a_libcuda_that_was_not_asked_says_nothing_of_the_loader():
    assert not about_the_loader(Evidence(host=HOST, environ={}))


@pytest.mark.parametrize("status", WSL_LOADER)
def test_what_is_about_the_loader_says_what_mends_it(status):
    why = cuda_failure(cuda(status, WSL))
    assert isinstance(why, libcuda.LoaderFault)
    (step,) = libcuda.HostLoaderOutvoted(why=why).remedy("wsl")
    assert step == f"for programs outside: {why.outside}"
    assert why.outside


@pytest.mark.parametrize(
    ("arch", "capability", "found"),
    [
        ("x86_64", (9, 0), libcuda.NotReady),
        ("x86_64", (10, 0), libcuda.NvlinkNotReady),
        ("x86_64", (10, 3), libcuda.NvlinkNotReady),
        ("aarch64", (10, 0), libcuda.RackNotReady),
        ("aarch64", (9, 0), libcuda.NotReady),
        ("x86_64", None, libcuda.NotReady),
    ],
)
def test_each_fabric_is_brought_up_in_its_own_way(arch, capability, found):
    card = Sighting(vendor="nvidia", compute_capability=capability)
    assert type(cuda_failure(cuda(802, replace(HOST, arch=arch)), card)) is found
    confidential = cuda(802, replace(HOST, arch=arch), confidential=True)
    assert cuda_failure(confidential, card) == libcuda.NotSetReady()


def test_a_virtual_gpu_that_is_busy_lacks_its_licence():
    """The compute mode is its host's: nvidia-smi -c is refused there."""
    part = Sighting(vendor="nvidia", vgpu="24Q")
    assert cuda_failure(cuda(46), part) == libcuda.VgpuUnavailable(profile="24Q")
    assert cuda_failure(cuda(46), Sighting(vendor="nvidia")) == libcuda.InExclusiveUse()
    assert cuda_failure(cuda(46)) == libcuda.InExclusiveUse()


def test_where_both_libraries_differ_from_the_module_no_compat_directory_is_to_blame():
    assert cuda_failure(cuda(803, smi_exit=18)) == nvidia.LibraryMismatch()
    assert cuda_failure(cuda(803, smi_exit=0)) == libcuda.DriverMismatch()


def test_a_virtual_machine_may_have_a_part_of_a_gpu():
    vm = replace(HOST, where=Where(machine="vm"))
    for kind in ("host", "container"):
        steps = "\n".join(nvidia.DriverNotLoaded(virtual=True).remedy(kind))
        assert ("GRID" in steps) == (kind == "host")
    assert smi_failure(9, vm) == nvidia.DriverNotLoaded(virtual=True)
    assert "GRID" not in "\n".join(nvidia.DriverNotLoaded().remedy("host"))
