"""A finding of each kind, with some value in each field."""

from typing import Literal, get_args, get_origin

from probe.finding import Finding
from probe.findings.builds import DriverTooOld
from probe.findings.no_build import RetiredBuild
from probe.tables.drivers import WantedDriver

# A value of each type that findings are made of.
SAMPLES = (
    "text",
    7,
    1.5,
    True,
    (8, 6),
    ("x86_64",),
    DriverTooOld(driver="515.105.01", floor="580"),
    WantedDriver(version="580"),
    RetiredBuild(line="2.7", wheel="cu118", reason="it ended"),
    None,
)


def sample(kind: type[Finding]) -> Finding:
    """A finding of the kind with some value in each field."""
    names = {name: kind.__annotations__[name] for name in kind.__annotations__}
    for base in kind.__mro__[1:]:
        names |= getattr(base, "__annotations__", {}) if issubclass(base, Finding) else {}
    return kind(
        **{name: value_of(wanted) for name, wanted in names.items() if name in kind._fields}
    )


def value_of(wanted: type[object]) -> object:
    if get_origin(wanted) is Literal:
        return get_args(wanted)[0]
    if getattr(wanted, "__origin__", None) is tuple:
        return (8, 6) if int in get_args(wanted) else ("x86_64",)
    for value in SAMPLES:
        try:
            if isinstance(value, wanted) and not (isinstance(value, bool) and wanted is int):
                return value
        except TypeError:  # a union with a parametrized tuple: compute capability or None
            return (8, 6)
    raise AssertionError(f"no sample of {wanted}")
