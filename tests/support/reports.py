"""The probe's report with a choice in it, for what reads no more than the choice."""

from probe.facts import Backend, Host
from probe.report.schema import SCHEMA, Report, SelectionReport, host_report


def selection_of(image: Backend, torch: str, wheel: str) -> SelectionReport:
    """A choice of one image with one torch build."""
    return {
        "backend": image,
        "device": "cpu" if image == "cpu" else "cuda",
        "torch": torch,
        "wheel": wheel,
        "index_url": f"https://download.pytorch.org/whl/{wheel}",
        "image": image,
        "visible_devices": [],
        "env": {},
        "run_flags": [],
    }


def report_of(selection: SelectionReport) -> Report:
    """The report of a machine without a GPU, with that choice."""
    return {
        "schema": SCHEMA,
        "host": host_report(Host(arch="x86_64", os="linux")),
        "gpus": [],
        "selection": selection,
        "rejected": [],
        "trace": [],
        "advice": [],
        "advice_parts": [],
        "advice_codes": [],
        "advice_causes": [],
    }
