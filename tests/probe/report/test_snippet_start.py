"""The parts that docker's and Podman's commands are put together from."""

from probe.frozen_record import replace
from probe.report.schema import SelectionReport
from probe.report.snippet_start import Start, continued, hardened, pairs, variables, volumes

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
START = Start(selection=SELECTION, image="alternator:1.2.3-rocm", memory=3, root=False)


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
    assert variables(START.env) == ["--env HSA_OVERRIDE_GFX_VERSION=10.3.0", "--env OTHER=1"]
    firsts = [line.split()[0] for line in hardened(START)]
    assert firsts == ["--read-only", "--cap-drop", "--pids-limit", "--health-start-period"]
    assert "--memory 3g" in hardened(START)[2]


def test_a_list_of_cards_is_quoted_for_the_shell_and_for_docker() -> None:
    assert pairs(["--gpus", '"device=GPU-a,GPU-b"']) == ["--gpus '\"device=GPU-a,GPU-b\"'"]


def handing(*flags: str) -> Start:
    return replace(START, selection={**SELECTION, "run_flags": [*flags]})


def test_which_cards_are_handed_over() -> None:
    assert handing("--gpus", "all").named == ()
    assert handing("--gpus", '"device=GPU-a,GPU-b"').named == ("GPU-a", "GPU-b")
    assert (handing("--runtime", "nvidia").named, handing("--runtime", "nvidia").runtime) == (
        (),
        "nvidia",
    )
    hidden = handing("--gpus", "all", "--env", "CUDA_VISIBLE_DEVICES=GPU-a")
    assert (hidden.runtime, hidden.hiding) == (None, {"CUDA_VISIBLE_DEVICES": "GPU-a"})
    assert hidden.env == {**START.env, "CUDA_VISIBLE_DEVICES": "GPU-a"}


def test_the_lines_are_one_command() -> None:
    assert continued(["docker run", *volumes()]) == (
        "docker run \\\n"
        "  --volume alternator_state:/var/lib/alternator/state \\\n"
        "  --volume alternator_models:/var/lib/alternator/models\n"
    )
