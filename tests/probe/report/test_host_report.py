"""What the host saw against what the container sees."""

import json

import pytest

from probe.errors import ProbeError
from probe.report.host_report import (
    SeenGpu,
    SeenReport,
    lost_on_the_way,
    read_host_report,
    read_report,
)


def gpu(uuid="GPU-a", *, state="accessible", driver="580.95.05", vendor="nvidia", name="card"):
    return {"vendor": vendor, "uuid": uuid, "name": name, "state": state, "driver": driver}


def report(*gpus, backend="cuda"):
    flags = ["--gpus", "all"] if backend == "cuda" else []
    return {"schema": 1, "gpus": [*gpus], "selection": {"backend": backend, "run_flags": flags}}


def lost(host, here):
    """What the container lacks, each with what mends it."""
    found = lost_on_the_way(read_report(host), read_report(here))
    return [(str(finding), *finding.remedy("container")) for finding in found]


def test_a_hint_is_a_file_or_the_report_itself(tmp_path):
    text = json.dumps(report(gpu()))
    file = tmp_path / "host.json"
    file.write_text(text)
    assert read_host_report({}) is None
    assert read_host_report({"ALTERNATOR_HOST_REPORT": ""}) is None
    for value in (text, str(file)):
        assert read_host_report({"ALTERNATOR_HOST_REPORT": value}) == SeenReport(
            backend="cuda",
            run_flags=("--gpus", "all"),
            gpus=(
                SeenGpu(
                    vendor="nvidia",
                    uuid="GPU-a",
                    name="card",
                    state="accessible",
                    driver="580.95.05",
                ),
            ),
        )


@pytest.mark.parametrize(
    "value",
    [
        "/nowhere",
        "{",
        "{}",
        '{"schema": "2"}',
        '{"schema": 0, "gpus": [], "selection": {"backend": "cuda", "run_flags": []}}',
        '{"schema": 1, "gpus": [7], "selection": {}}',
        '{"schema": 1, "gpus": [{}], "selection": {"backend": "cuda", "run_flags": []}}',
        '{"schema": 1, "gpus": [], "selection": {"backend": 1, "run_flags": [2]}}',
        '{"schema": 1, "gpus": [], "selection": {"backend": "cuda", "run_flags": [], '
        '"visible_devices": [7]}}',
    ],
)
def test_a_broken_hint_is_an_error_that_names_it(value):
    with pytest.raises(ProbeError, match="ALTERNATOR_HOST_REPORT holds no report"):
        read_host_report({"ALTERNATOR_HOST_REPORT": value})


def test_a_report_of_a_later_format_is_refused_by_name():
    later = json.dumps({**report(gpu()), "schema": 2})
    with pytest.raises(ProbeError, match="a report of schema 2; this version reads 1; use the"):
        read_host_report({"ALTERNATOR_HOST_REPORT": later})


def test_keys_that_are_not_known_here_may_stand_in_it():
    newer = report({**gpu(), "colour": "green"}) | {"weather": []}
    assert read_report(newer) == read_report(report(gpu()))


def test_a_gpu_that_the_container_lacks_is_told_with_the_flags():
    ((what, do),) = lost(report(gpu(), gpu("GPU-b")), report(gpu("GPU-b")))
    assert what == "the host could use card (GPU-a); this container does not reach it"
    assert do.startswith("docker run --gpus all")


def test_what_the_container_has_or_the_host_had_not_is_no_loss():
    assert lost(report(gpu()), report(gpu(state="proven"))) == []
    assert lost(report(gpu(state="dead")), report()) == []
    assert lost(report(), report(gpu())) == []
    # A Radeon beside the GeForce that the host chose was not meant for the container.
    assert lost(report(gpu(), gpu("GPU-r", vendor="amd")), report(gpu())) == []


def test_cards_without_a_uuid_are_counted_by_name():
    host = report(gpu(None), gpu(None))
    assert len(lost(host, report(gpu(None)))) == 1


def test_a_driver_that_was_changed_under_the_container():
    ((what, do),) = lost(report(gpu(driver="590.48.01")), report(gpu()))
    assert what == "card: the host had driver 590.48.01, this container sees 580.95.05"
    assert do.startswith("restart the container")


def test_a_card_that_goes_by_another_name_inside_is_the_same():
    """No tool in a slim container knows the name of a Radeon without a number of its own."""
    outside = gpu(None, vendor="amd", name="Radeon 8060S Graphics") | {"gfx": "gfx1151"}
    inside = gpu(None, vendor="amd", name="AMD GPU") | {"gfx": "gfx1151"}
    host, here = report(outside, backend="rocm"), report(inside, backend="rocm")
    assert lost(host, here) == []


def test_what_the_host_left_out_itself_is_no_loss():
    host = report(gpu("MIG-a"), gpu("MIG-b"))
    host["selection"]["visible_devices"] = ["MIG-a"]
    assert lost(host, report(gpu("MIG-a"))) == []
    ((what, _),) = lost(host, report(gpu("MIG-b")))
    assert "(MIG-a)" in what


def test_a_card_that_was_not_handed_over_is_no_loss():
    """AMD's are not named by UUID: the report says of each whether the choice uses it."""
    apu = gpu(None, vendor="amd", name="a processor's graphics") | {"selected": False}
    card = gpu(None, vendor="amd") | {"selected": True}
    host = report(apu, card, backend="rocm")
    assert lost(host, report(gpu(None, vendor="amd"), backend="rocm")) == []
    ((what, *_),) = lost(host, report(backend="rocm"))
    assert what.startswith("the host could use card")
