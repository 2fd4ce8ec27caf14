"""Where CTranslate2 computes, and in which precision."""

import pytest

pytest.importorskip("ctranslate2", reason="the extra faster-whisper is not there (make engines)")

from alternator.errors import ConfigError  # after importorskip
from alternator.speech.device import Device
from alternator.speech.engines.faster_whisper.device import choose_device, choose_precision

CPU = Device(kind="cpu")


@pytest.mark.parametrize(
    ("wanted", "proven", "gpus", "chosen"),
    [
        ("auto", None, 0, "cpu"),
        ("auto", None, 2, "cuda:0"),
        ("auto", "cuda:1", 2, "cuda:1"),
        ("auto", "cpu", 2, "cpu"),
        ("auto", "cuda", 0, "cpu"),
        ("cpu", "cuda", 1, "cpu"),
        ("cuda", None, 1, "cuda:0"),
        ("cuda:1", None, 2, "cuda:1"),
    ],
)
def test_a_device_is_chosen(wanted: str, proven: str | None, gpus: int, chosen: str) -> None:
    assert str(choose_device(wanted, proven, gpus)) == chosen


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("rocm", "can't compute on device 'rocm'"),
        ("mps", "can't compute on device 'mps'"),
        ("gpu", "can't compute on device 'gpu'"),
        ("cuda:2", "CTranslate2 finds 2 GPUs it can use"),
    ],
)
def test_what_can_not_work_is_an_error(wanted: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        choose_device(wanted, None, 2)


def test_a_precision_is_one_that_the_device_has() -> None:
    assert choose_precision("auto", CPU) == "int8"
    assert choose_precision("float32", CPU) == "float32"
    with pytest.raises(ConfigError, match=r"has no float16 on device 'cpu'; .* int8"):
        choose_precision("float16", CPU)
