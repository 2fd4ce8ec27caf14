"""The parts that docker's and Podman's commands are put together from."""

from probe.report.schema import SelectionReport
from probe.report.snippet_start import Start, continued, hardened, pairs, volumes

SELECTION: SelectionReport = {
    "backend": "rocm",
    "device": "cuda",
    "torch": "2.13.0",
    "wheel": "rocm7.2",
    "index_url": "",
    "image": "rocm",
    "visible_devices": ["0"],
    "env": {"HSA_OVERRIDE_GFX_VERSION": "10.3.0", "OTHER": "1"},
    "run_flags": ["--device", "/dev/kfd", "--device", "/dev/dri", "--group-add", "44"],
}
START = Start(selection=SELECTION, image="alternator:1.2.3-rocm", named=(), root=False)


def test_what_follows_a_flag() -> None:
    assert START.values("--device") == ["/dev/kfd", "/dev/dri"]
    assert START.values("--group-add") == ["44"]
    assert START.values("--gpus") == []


def test_the_choice_is_read_from_the_report() -> None:
    assert START.backend == "rocm"
    assert START.env == {"HSA_OVERRIDE_GFX_VERSION": "10.3.0", "OTHER": "1"}


def test_one_line_for_each_flag_or_variable() -> None:
    assert pairs(["--device", "/dev/kfd", "--group-add", "44"]) == [
        "--device /dev/kfd",
        "--group-add 44",
    ]
    assert hardened(START)[:2] == ["--env HSA_OVERRIDE_GFX_VERSION=10.3.0", "--env OTHER=1"]
    assert [line.split()[0] for line in hardened(START)[2:]] == ["--read-only", "--pids-limit"]


def test_the_lines_are_one_command() -> None:
    assert continued(["docker run", *volumes()]) == (
        "docker run \\\n"
        "  --volume alternator-state:/var/lib/alternator/state \\\n"
        "  --volume alternator-models:/var/lib/alternator/models\n"
    )
