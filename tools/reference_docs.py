"""Writes docs/reference.md: ``python -m tools.reference_docs [--check]``.

Exit codes come from probe/exit_codes.py, findings from the classes in probe/findings.
``--check`` fails if the file is not current.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import probe.findings
from probe.exit_codes import ExitCode
from probe.finding import KINDS, Finding
from probe.findings.trace import MEANINGS
from probe.steps import OfSystem, Surroundings, Template
from probe.steps import render as rendered
from tools.write_or_check import write_or_check

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference.md"

HEAD = """\
# Reference

Made by `python -m tools.reference_docs` from the tables in the code; `make lint` checks it.

## Exit codes

A number means the same in every command.

"""
FINDINGS = """
## Findings

What the probe, the doctor and the proof can say, by the `code` that stands beside each `why` of
the report, and in `advice_codes`. Where another finding is behind one, its code is in the `causes`
of a rejected build, or at the advice's place in `advice_causes`. Words in braces are the finding's
data. A remedy has steps; where it differs in a container, a pod, LXC or WSL, that is said. A
command is told only where the tool that it calls is there. Codes may be added; none is renamed or
removed.
"""
TRACE = """
### How a probe ended

The `code` of a line of `trace`; its `why` often quotes the tool.

"""


def render() -> str:
    """The document."""
    parts = [HEAD, exit_codes_text(), FINDINGS]
    for module in finding_modules():
        title = (inspect.getdoc(module) or "").partition("\n")[0].rstrip(".")
        parts.append(f"\n### {title}\n\n{findings_text(module)}")
    return "".join([*parts, TRACE, trace_text()])


def exit_codes_text() -> str:
    """Every exit code."""
    rows = [f"| {int(code)} | {code.name} | {code.meaning} |" for code in ExitCode]
    return "\n".join(["| code | name | meaning |", "|---|---|---|", *rows]) + "\n"


def finding_modules() -> Iterator[ModuleType]:
    """The modules that define findings, by name."""
    for found in sorted(pkgutil.iter_modules(probe.findings.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{probe.findings.__name__}.{found.name}")
        if any(kind.__module__ == module.__name__ for kind in KINDS.values()):
            yield module


def findings_text(module: ModuleType) -> str:
    """The kinds of one module, in its order."""
    kinds = [kind for kind in KINDS.values() if kind.__module__ == module.__name__]
    rows = [
        f"| `{kind.code}` | {_prose(inspect.getdoc(kind) or '')} | {_form((kind.says,))} "
        f"| {remedy_text(kind)} |"
        for kind in kinds
    ]
    return "\n".join(["| code | means | says | what mends it |", "|---|---|---|---|", *rows]) + "\n"


def remedy_text(kind: type[Finding]) -> str:
    """The steps of a kind's remedy, by where it is asked for."""
    places = (
        ("", kind.steps),
        ("in a container: ", kind.in_container),
        ("in a pod: ", kind.in_pod),
        ("in LXC: ", kind.in_lxc),
        ("under WSL2: ", kind.in_wsl),
    )
    return "<br>".join(f"{where}{steps_text(steps)}" for where, steps in places if steps)


def steps_text(steps: Template) -> str:
    """A remedy's steps, as they are told where every tool is there."""
    parts = [
        f"as the system does it, or {steps_text(step.otherwise)}"
        if isinstance(step, OfSystem)
        else _form(rendered((step,), Surroundings()))
        for step in steps
    ]
    return "; ".join(parts)


def trace_text() -> str:
    """The codes of the trace."""
    rows = [f"| `{code}` | {_prose(meaning)} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["| code | means |", "|---|---|", *rows]) + "\n"


def _form(templates: Sequence[str]) -> str:
    return "; ".join(f"`{_cell(template)}`" for template in templates)


def _prose(text: str) -> str:
    return _cell(" ".join(text.replace("``", "`").split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document, or with --check tell whether it is current."""
    current = write_or_check({DOCUMENT: render()}, "python -m tools.reference_docs", argv)
    return int(not current)


if __name__ == "__main__":
    sys.exit(main())
