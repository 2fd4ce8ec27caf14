"""The doctor's part about the endpoint, with a real one of our own. The machine is this one."""

import os
from pathlib import Path

import pytest

from alternator.doctor import decoders_text, endpoint_text, kernels_text, main
from alternator.speech.batched import kernel_library
from sandbox.vision.server import VisionServer


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    """No configuration but what a test sets."""
    for name in [name for name in os.environ if name.startswith("ALTERNATOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path.cwd()))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, vision: VisionServer) -> VisionServer:
    monkeypatch.setenv("ALTERNATOR_OPENROUTER_BASE_URL", vision.base_url)
    monkeypatch.setenv("ALTERNATOR_OPENROUTER_MODEL", "pixels")
    return vision


def test_an_endpoint_that_sees_the_picture_is_well(endpoint: VisionServer):
    text = endpoint_text()
    assert text.startswith(
        "\nEndpoint for pictures\n  ok: pixels says of a red disc on white: Square"
    )
    assert "tokens)" in text
    (request,) = endpoint.requests()
    assert (request["width"], request["height"], request["media_type"]) == (256, 256, "image/png")


def test_one_that_sees_nothing_is_a_warning(endpoint: VisionServer):
    blind = {"choices": [{"message": {"content": "A lovely landscape with mountains."}}]}
    endpoint.fail(status=200, body=blind)
    text = endpoint_text()
    assert "  warning: pixels says" in text
    assert "it does not name what is on the picture" in text


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"status": 401}, "rejects the key; set [vision] api_key"),
        ({"status": 404}, "has no model pixels"),
        ({"answer": "refusal"}, "pixels refuses to answer, in words"),
    ],
)
def test_what_is_wrong_with_it_is_said(
    endpoint: VisionServer, fault: dict[str, object], message: str
):
    endpoint.fail(**fault)  # type: ignore[arg-type]  # a row of a table
    text = endpoint_text()
    assert "  warning: " in text and message in text
    assert len(endpoint.requests()) == 1


def test_where_none_is_configured_none_is_asked():
    assert "none is configured, so pictures are not described" in endpoint_text()


def test_a_configuration_that_is_wrong_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALTERNATOR_OPENROUTER_MAX_TOKENS", "many")
    assert "warning: ALTERNATOR_OPENROUTER_MAX_TOKENS must be a whole number" in endpoint_text()


def test_it_comes_after_the_machine_unless_it_is_not_wanted(
    endpoint: VisionServer, capsys: pytest.CaptureFixture[str]
):
    assert main(["--no-endpoint"]) == 0
    without = capsys.readouterr().out
    assert "Endpoint for pictures" not in without and endpoint.requests() == []
    assert main([]) == 0
    assert capsys.readouterr().out.rpartition("\nEndpoint for pictures\n")[0]
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--no-endpoint" in capsys.readouterr().out
    assert len(endpoint.requests()) == 1


def test_what_computes_speech_on_the_cpu_is_said(monkeypatch: pytest.MonkeyPatch):
    assert kernels_text().startswith("\nSpeech on a CPU\n  speech on the CPU by ")
    monkeypatch.setattr(kernel_library, "FILE", Path("/nowhere/libkernels.so"))
    assert "by torch's operations alone: libkernels.so was not built" in kernels_text()


def test_what_holds_decoders_is_said():
    assert decoders_text().startswith("\nDecoders of media\n  seccomp o")
