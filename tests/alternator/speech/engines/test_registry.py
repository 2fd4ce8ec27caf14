"""Engines are found by name among what is installed, and only the one asked for is imported."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sounds import noise, sound_file

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError, MediaError, ModelError, WorkerError
from alternator.speech.engines.engine import CancelledRequestError, Done, Failed, SegmentFound
from alternator.speech.engines.registry import engine_names, make_engine
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from probe.machine.variables import PROVEN_DEVICE


def test_ours_is_there() -> None:
    assert engine_names() == (
        "alternator",
        "faster-whisper",
        "openai",
        "openai-api",
        "whisper.cpp",
    )


def test_an_unknown_name_lists_those_that_are_there(reader_engine: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make_engine("opanai")
    assert str(caught.value) == (
        "there is no speech engine 'opanai'; set [whisper] engine to auto or one of: "
        "alternator, broken, faster-whisper, openai, openai-api, reader, whisper.cpp"
    )


def test_one_that_can_not_be_imported_names_its_package(reader_engine: Path) -> None:
    with pytest.raises(ModelError) as caught:
        make_engine("broken")
    assert str(caught.value) == (
        "the speech engine 'broken' can't be imported: No module named 'paper_engine_gone'; "
        "install what the package paper-engine needs"
    )


def test_without_whisper_the_remedy_is_our_extra(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')")
    program = (
        "from alternator.errors import ModelError\n"
        "from alternator.speech.engines.registry import make_engine\n"
        "try:\n    make_engine('auto')\nexcept ModelError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == (
        "the speech engine 'alternator' can't be imported: no torch here; install the extra "
        "`whisper` (in the checkout: pip install '.[whisper]' openai-whisper) or use the "
        "container image\n"
    ), done.stderr


@pytest.mark.parametrize(
    ("engine", "module", "extra"),
    [
        ("faster-whisper", "ctranslate2", "faster-whisper"),
        ("whisper.cpp", "_pywhispercpp", "whisper-cpp"),
        ("openai-api", "numpy", "openai-api"),
    ],
)
def test_each_of_ours_names_the_extra_that_it_needs(
    tmp_path: Path, engine: str, module: str, extra: str
) -> None:
    (tmp_path / f"{module}.py").write_text("raise ImportError('it is not here')")
    program = (
        "from alternator.errors import ModelError\n"
        "from alternator.speech.engines.registry import make_engine\n"
        f"try:\n    make_engine({engine!r})\nexcept ModelError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == (
        f"the speech engine {engine!r} can't be imported: it is not here; install the extra "
        f"`{extra}` (in the checkout: pip install '.[{extra}]')\n"
    ), done.stderr


def test_the_engine_that_asks_a_server_imports_no_torch() -> None:
    program = (
        "import sys\n"
        "from alternator.speech.engines.registry import make_engine\n"
        "make_engine('openai-api')\n"
        "print([name for name in ('torch', 'whisper') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_foreign_engine_is_used_and_ours_not_imported(reader_engine: Path) -> None:
    program = (
        "import sys\n"
        "from alternator.speech.engines.registry import make_engine\n"
        "print(type(make_engine('reader')).__name__, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == "Reader False\n", done.stderr


@pytest.fixture
def reader(reader_engine: Path, caplog: pytest.LogCaptureFixture) -> Transcriber:
    """A transcriber whose worker uses the foreign engine."""
    caplog.set_level("INFO", "alternator")
    return Transcriber(WhisperSettings(engine="reader", model="a book"))


def write(folder: Path, text: str) -> Path:
    path = folder / f"{text[:9].strip()}.txt"
    path.write_text(text)
    return path


def test_several_requests_are_computed_together(
    reader: Transcriber, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with reader:
        long = reader.submit(write(tmp_path, "wait for what comes next"))
        words = long.events()
        while not isinstance(next(words), SegmentFound):
            pass
        # While the first one runs, and does not end:
        assert reader.transcribe(write(tmp_path, "so short")).text == "so short"
        assert reader.transcribe(write(tmp_path, "again")).text == "again"
        with pytest.raises(MediaError, match="it has a cold"):
            reader.transcribe(write(tmp_path, "hoarse"))
        assert reader.state == "busy"
        long.cancel()
        *_, last = words
        assert isinstance(last, Failed) and type(last.error) is CancelledRequestError
        assert reader.state == "ready"
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "opening a book",
        "model a book of the speech engine 'reader' is loaded on paper",
    ]


def test_a_defect_of_an_engine_costs_what_it_had_begun(
    reader: Transcriber, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with reader:
        with pytest.raises(
            WorkerError,
            match="the speech engine 'reader' failed: ZeroDivisionError: of the engine; ",
        ):
            reader.transcribe(write(tmp_path, "defect"))
        assert "raise ZeroDivisionError" in caplog.text, "our own defects are logged with trace"
        with pytest.raises(WorkerError, match="the engine gave no answer to 1 requests"):
            reader.transcribe(write(tmp_path, "forget"))
        *_, last = reader.submit(write(tmp_path, "and on")).events()
        assert isinstance(last, Done) and last.transcript.text == "and on"


def test_an_unknown_engine_is_a_mistake_in_the_configuration() -> None:
    with (
        Transcriber(WhisperSettings(engine="nonsense")) as transcriber,
        pytest.raises(ConfigError, match=r"there is no speech engine 'nonsense'; .* openai"),
    ):
        transcriber.start()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("paper_engine:Writer", "AttributeError: module 'paper_engine' has no attribute 'Writer'"),
        ("paper_engine", "TypeError: 'module' object is not callable"),
        ("paper_engine:Segment", "TypeError: Segment.__init__() missing"),
    ],
)
def test_an_engine_that_is_registered_wrongly_names_its_package(
    reader_engine: Path, target: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    (reader_engine / "paper_engine-1.0.dist-info" / "entry_points.txt").write_text(
        f"[alternator.engines]\nwrong = {target}\n"
    )
    with pytest.raises(ModelError) as caught:
        make_engine("wrong")
    assert str(caught.value).startswith(
        f"the speech engine 'wrong' ({target}) can't be made: {reason}"
    )
    assert str(caught.value).endswith(
        "; report this to the package paper-engine, or choose another [whisper] engine"
    )
    (record,) = caplog.records
    assert record.exc_info, "its author needs the trace"


def test_an_answer_that_nobody_asked_for_names_the_engine_and_the_request(
    reader: Transcriber, tmp_path: Path
) -> None:
    message = (
        "the speech engine 'reader' failed: NotTakenError: "
        "it answered request '99', which it had not taken; "
    )
    with reader, pytest.raises(WorkerError, match=message):
        reader.transcribe(write(tmp_path, "invent"))


def test_an_engine_at_rest_is_unloaded_before_its_worker_ends(
    reader: Transcriber, reader_engine: Path
) -> None:
    with reader:
        reader.start()
        assert not (reader_engine / "unloaded").exists()
    assert (reader_engine / "unloaded").exists()
    assert reader.state == "stopped"


def test_an_engine_is_told_of_the_proven_device(reader_engine: Path) -> None:
    environ = os.environ | {PROVEN_DEVICE: "cuda:1"}
    with Transcriber(WhisperSettings(engine="reader"), environ=environ) as transcriber:
        transcriber.start()
    assert (reader_engine / "proven").read_text() == "cuda:1"


def test_the_engine_of_the_documentation_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[4] / "docs" / "engines.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    both = re.DOTALL | re.MULTILINE
    (registered,) = re.findall(r"^\[project\.entry-points[^\n]*\n(.*?)^```$", page, both)
    site, sound = tmp_path / "site", sound_file(tmp_path / "sound.wav", noise(3.0))
    metadata = site / "counting_engine-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "counting_engine.py").write_text(code)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    entry = registered.replace('"', "")
    (metadata / "entry_points.txt").write_text(f"[alternator.engines]\n{entry}")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    with Transcriber(WhisperSettings(engine="counting")) as transcriber:
        assert transcriber.transcribe(sound).text == "3 seconds."
        with pytest.raises(ConfigError, match="the speech engine 'counting' has no beam_size"):
            transcriber.transcribe(sound, options=DecodingOptions(beam_size=1))
