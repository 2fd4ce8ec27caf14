"""The detector says what Silero's own model says, in any number of pieces and blocks."""

import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch")

from alternator.speech import voice  # noqa: E402  # after importorskip
from alternator.speech.cutting import speech_spans  # noqa: E402
from alternator.speech.voice import VoiceDetector  # noqa: E402

RATE = 16_000
Samples = npt.NDArray[np.float32]
Speak = Callable[..., Samples]

ENGLISH = (
    "The quick brown fox jumps over the lazy dog. We had a long talk about the weather, "
    "and then we went home. Nobody knew where the keys were."
)
GERMAN = "Gestern war es sehr kalt, und wir blieben zu Hause. Morgen fahren wir in die Stadt."


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Two voices with pauses, noise and a tune between them: 40 s."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: make test installs it")
    folder = tmp_path_factory.mktemp("speech")
    rng = np.random.default_rng(1)
    times = np.arange(4 * RATE) / RATE
    tune = sum(0.1 * np.sin(2 * np.pi * pitch * times) for pitch in (220, 277, 330))
    return np.concatenate(
        [
            np.zeros(RATE),
            spoken(folder, "en", ENGLISH),
            0.05 * rng.standard_normal(3 * RATE),
            spoken(folder, "de", GERMAN),
            np.zeros(2 * RATE),
            np.asarray(tune),
            spoken(folder, "en", ENGLISH) * 0.3,
        ]
    ).astype(np.float32)


def spoken(folder: Path, language: str, text: str) -> Samples:
    """A text by espeak-ng, from its 22.05 kHz by the nearest samples before."""
    file = folder / "said.wav"
    subprocess.run(["espeak-ng", "-v", language, "-w", str(file), text], check=True)
    with wave.open(str(file)) as sound:
        said = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2") / 32_768
        rate = sound.getframerate()
    at = np.arange(int(len(said) * RATE / rate)) * rate / RATE
    return np.interp(at, np.arange(len(said)), said).astype(np.float32)


@pytest.fixture(scope="module")
def reference(speech: Samples) -> Samples:
    """What the package's own model says, chunk by chunk."""
    data = Path(str(distribution("silero-vad").locate_file("silero_vad/data")))
    with pytest.deprecated_call():
        model = torch.jit.load(str(data / "silero_vad.jit"), map_location="cpu")
    sound = torch.nn.functional.pad(torch.from_numpy(speech), (0, -len(speech) % 512))
    with torch.no_grad():
        return np.array([model(chunk, RATE).item() for chunk in sound.split(512)], np.float32)


def test_one_piece_is_the_packages_own_model(speech: Samples, reference: Samples) -> None:
    assert 0.3 < (reference > 0.5).mean() < 0.9
    np.testing.assert_allclose(VoiceDetector().probabilities(speech), reference, atol=1e-4)


@pytest.mark.parametrize("pieces", [2, 5, 16])
def test_pieces_change_nothing(speech: Samples, reference: Samples, pieces: int) -> None:
    found = VoiceDetector(pieces=pieces).probabilities(speech)
    np.testing.assert_allclose(found, reference, atol=2e-3)
    assert speech_spans(found) == speech_spans(reference)


def test_a_piece_whose_beginning_has_not_settled_is_computed_again(
    speech: Samples, reference: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice, "WARM_UP", 1)
    found = VoiceDetector(pieces=12).probabilities(speech)
    np.testing.assert_allclose(found, reference, atol=2e-3)


@pytest.mark.parametrize("pieces", [1, 3])
def test_blocks_change_nothing(
    speech: Samples, reference: Samples, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    monkeypatch.setitem(voice.BLOCK, "cpu", 300)
    monkeypatch.setitem(voice.SPECTRA, "cpu", 77)
    found = VoiceDetector(pieces=pieces).probabilities(speech)
    # Only in pauses of ten seconds at a block's edge may the loudness differ: there are none.
    np.testing.assert_allclose(found, reference, atol=2e-3)


def test_many_threads_at_once_change_nothing(speech: Samples) -> None:
    detector = VoiceDetector()
    sounds = [speech[at * RATE :] for at in range(6)]
    one_by_one = [detector.probabilities(sound) for sound in sounds]
    with ThreadPoolExecutor(len(sounds)) as pool:
        found = list(pool.map(detector.probabilities, sounds))
    for told, right in zip(found, one_by_one, strict=True):
        np.testing.assert_array_equal(told, right)


def test_samples_of_16_bits_are_the_same_sound(speech: Samples) -> None:
    whole = np.round(speech * 32_767).astype(np.int16)
    detector = VoiceDetector()
    np.testing.assert_array_equal(
        detector.probabilities(whole),
        detector.probabilities(whole.astype(np.float32) / np.float32(32_768)),
    )


@pytest.mark.parametrize("decibels", [-30, -50, -67])
def test_quiet_speech_is_found_where_loud_speech_is(speech: Samples, decibels: int) -> None:
    detector = VoiceDetector()
    loud = detector.probabilities(speech)
    scale = 10 ** (decibels / 20) / float(np.abs(speech).max())
    quiet = detector.probabilities((speech * scale).astype(np.float32))
    sure = loud > 0.8
    assert (quiet[sure] > 0.5).mean() > 0.98
    # And no more than that: not the noise, the tune and the pauses between.
    assert (quiet[loud < 0.2] < 0.5).mean() > 0.98


def test_what_is_no_number_is_silence(speech: Samples) -> None:
    broken = speech.copy()
    broken[5 * RATE : 5 * RATE + 100] = np.nan
    broken[6 * RATE] = np.inf
    broken[7 * RATE] = -np.inf
    mended = np.where(np.isfinite(broken), broken, 0).astype(np.float32)
    detector = VoiceDetector()
    found = detector.probabilities(broken)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, detector.probabilities(mended))


@pytest.mark.parametrize(("samples", "chunks"), [(0, 0), (1, 1), (512, 1), (513, 2)])
def test_short_sounds(samples: int, chunks: int) -> None:
    found = VoiceDetector().probabilities(np.zeros(samples, np.float32))
    assert found.shape == (chunks,) and found.dtype == np.float32
    assert (found < 0.1).all()


@pytest.mark.parametrize("level", [0.5, 0.01, 0.0001])
def test_noise_is_no_speech(level: float) -> None:
    noise = np.random.default_rng(0).standard_normal(20 * RATE)
    brown = np.cumsum(noise)
    brown -= np.linspace(0, brown[-1], len(brown))
    for sound in (noise, brown):
        loud = (sound / np.abs(sound).max() * level).astype(np.float32)
        assert speech_spans(VoiceDetector().probabilities(loud)) == ()


def test_it_brings_in_nothing_heavy() -> None:
    code = (
        "import sys; from alternator.speech.voice import VoiceDetector; VoiceDetector(); "
        "print([name for name in ('silero_vad', 'torchaudio', 'onnxruntime', 'whisper') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
