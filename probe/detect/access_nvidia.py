"""Whether an NVIDIA GPU can be used from here.

The witnesses, in the order in which they are believed; the first that speaks decides:

1. nvidia-smi says that the card is lost, needs a reset, lacks power, or that it gets no handle of
   it, and libcuda does not reach it.
2. The driver runs and is too new or too old for the card, which nothing that it drives lists; or
   it runs with the flavour of its kernel module that does not drive the card.
3. libcuda, which is what PyTorch loads: missing in this container; reaches the card; fails; answers
   without the card. It says nothing of a card that a variable hides or another driver has, nor of
   GPUs beside MIG slices. Outside of containers its absence says nothing: it may lie where only
   the container toolkit looks. Nor do failures there that are only about the host's loader, where
   nvidia-smi is well: no container inherits it.
   A virtual GPU's profile may be without CUDA: then that is why libcuda fails.
4. nvidia-smi lists the card: it talked to the driver, and the driver to the card.
5. Another driver has the card.
6. nvidia-smi lists other cards, and not this one.
7. The device nodes are not there: why differs by where this runs and how nvidia-smi ended.
8. nvidia-smi was cut short at its work, and the driver holds the card: it is taken as usable.
9. nvidia-smi failed although the nodes are there, unless it names the cards that it fails for.
10. The nodes may not be opened by this user.

A card that nothing speaks against is accessible. A proof beats all of this (``entrypoint``): what
is accessible is tried, and what computes is proven.
"""

from collections.abc import Callable

from probe.detect.evidence import VIRTUAL, Evidence, Verdict, closed_nodes, present
from probe.detect.merge import Merged
from probe.detect.nvidia_case import Case
from probe.detect.nvidia_failures import (
    DEAD,
    NO_HANDLE,
    NO_PERMISSION,
    RESET_REQUIRED,
    cuda_failure,
    smi_failure,
)
from probe.finding import Finding
from probe.findings import libcuda, nvidia, nvidia_driver, nvidia_faults
from probe.findings.gpu import HeldForVm, OtherDriver
from probe.tables.devices import last_driver, needed_module
from probe.tables.drivers import newest_floor, wanted_driver
from probe.tables.visibility import CONTAINER

NO_GPUS = ("void", "none", "")  # of NVIDIA_VISIBLE_DEVICES


def nvidia_verdict(entry: Merged, evidence: Evidence, *, hidden: bool = False) -> Verdict:
    """The state of one NVIDIA GPU; ``hidden`` ones, and GPUs beside slices, libcuda can't list."""
    case = Case(entry=entry, evidence=evidence, hidden=hidden)
    return next((verdict(case) for applies, verdict in RULES if applies(case)), Verdict())


def _dead(why: Finding) -> Verdict:
    return Verdict(state="dead", why=why)


def _faulty(case: Case) -> Verdict:
    fault, sighting = case.sighting.fault, case.sighting
    # nvidia-smi takes any of the three, and a container numbers its cards anew.
    number = None if sighting.index is None or case.inside else str(sighting.index)
    card = number or sighting.uuid or sighting.bus or "N"
    if fault == RESET_REQUIRED:
        return _dead(nvidia_faults.RequiresReset(card=card))
    if fault == NO_HANDLE:
        return _dead(nvidia_faults.NoHandle(card=card))
    return _dead(smi_failure(fault, case.evidence.host) or nvidia.GpuLost())


def _dropped(case: Case) -> Verdict:
    return present(
        nvidia.DroppedByDriver(
            driver=case.evidence.nvidia_driver or "",
            last=case.dropped_after or "",
            capability=case.sighting.compute_capability,
        )
    )


def _too_old(case: Case) -> Verdict:
    capability = case.sighting.compute_capability
    return present(
        nvidia_driver.OlderThanCard(
            driver=case.evidence.nvidia_driver or "",
            first=case.served_from or "",
            capability=capability,
            module=needed_module(capability),
        )
    )


def _other_module(case: Case) -> Verdict:
    needed, loaded, serves = case.other_module, case.evidence.module, case.serves_instead
    if needed is None or loaded is None:
        return Verdict()
    if serves is not None:
        return present(nvidia_driver.NoModuleForBoth(loaded=loaded, needed=needed, serves=serves))
    if needed == "open":
        return present(nvidia_driver.WrongModule(loaded=loaded, needed=needed))
    capability = case.sighting.compute_capability
    return present(
        nvidia_driver.OldCardOnOpenModule(loaded=loaded, needed=needed, capability=capability)
    )


def _not_taken(case: Case) -> Verdict:
    why = nvidia_driver.NotTaken(driver=case.evidence.nvidia_driver)
    held = case.sighting.kernel_driver or case.missing_node is None
    return _dead(why) if held else present(why)


def _bound_elsewhere(case: Case) -> Verdict:
    driver, wanted = case.bound_to or "", "NVIDIA's driver"
    if driver in VIRTUAL:
        return present(HeldForVm(driver=driver, wanted=wanted))
    capability = case.sighting.compute_capability
    if case.evidence.smi_answered:
        useless = wanted_driver(newest_floor(), capability) is None
        return present(
            OtherDriver(driver=driver, wanted=wanted, serves_another=True, without_code=useless)
        )
    return present(nvidia.OtherDriverBound(driver=driver, capability=capability))


def _no_nodes(case: Case) -> Verdict:
    path, evidence = case.missing_node or "", case.evidence
    known = _known(case)
    if case.inside:
        given = evidence.environ.get(CONTAINER)
        said = f"{CONTAINER}={given}" if given in NO_GPUS else None
        return present(nvidia.NotGiven(path=path, said=said, tegra=evidence.host.tegra))
    if known is not None and not evidence.smi_named:
        return _dead(known) if evidence.smi_exit in DEAD else present(known)
    if evidence.nvidia_driver is not None:
        return present(nvidia.NodesNotMade(path=path))
    capability = case.sighting.compute_capability
    virtual = evidence.host.where.machine == "vm"
    return present(nvidia.DriverAbsent(path=path, capability=capability, virtual=virtual))


def _smi_failed(case: Case) -> Verdict:
    return _dead(_known(case) or nvidia.ToolFailed(said=case.evidence.smi_why))


def _known(case: Case) -> Finding | None:
    """What nvidia-smi's exit code means for this card; None where it has no meaning of its own."""
    known = smi_failure(case.evidence.smi_exit, case.evidence.host)
    capability = case.sighting.compute_capability
    last = last_driver(capability)
    if last is None or case.inside or not isinstance(known, nvidia.DriverNotLoaded):
        return known
    return nvidia_driver.NotLoadedForCard(last=last, capability=capability)


def _nodes_closed(case: Case) -> Verdict:
    control, cards = case.nodes
    return closed_nodes([*control, *cards]) or Verdict()


def _usable(case: Case) -> Verdict:
    return Verdict()


Rule = tuple[Callable[[Case], bool], Callable[[Case], Verdict]]

# In the order of the list above.
RULES: tuple[Rule, ...] = (
    (lambda case: case.sighting.fault is not None and "libcuda" not in case.sources, _faulty),
    (lambda case: case.dropped_after is not None, _dropped),
    (lambda case: case.served_from is not None, _too_old),
    (lambda case: case.other_module is not None, _other_module),
    (
        lambda case: case.inside and case.libcuda_missing,
        lambda case: present(libcuda.LibcudaNotInContainer()),
    ),
    (lambda case: "libcuda" in case.sources, _usable),
    (
        lambda case: case.without_cuda is not None,
        lambda case: present(nvidia_faults.VgpuWithoutCuda(profile=case.without_cuda or "")),
    ),
    (lambda case: case.outvoted, _usable),
    (lambda case: case.not_taken, _not_taken),
    (
        lambda case: case.libcuda_failed,
        lambda case: _dead(cuda_failure(case.evidence, case.sighting)),
    ),
    (lambda case: case.libcuda_speaks, lambda case: present(libcuda.LibcudaWithoutIt())),
    (lambda case: "nvidia-smi" in case.sources, _usable),
    (lambda case: case.bound_to is not None, _bound_elsewhere),
    (lambda case: case.evidence.smi_listed, lambda case: present(nvidia.NotListed())),
    (lambda case: case.missing_node is not None, _no_nodes),
    (lambda case: case.unheard, _usable),
    (lambda case: case.evidence.smi_exit == NO_PERMISSION and case.closed, _nodes_closed),
    (lambda case: case.evidence.smi_tried and not case.evidence.smi_named, _smi_failed),
    (lambda case: True, _nodes_closed),
)
