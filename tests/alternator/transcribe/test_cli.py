"""``alternator transcribe`` from end to end, as a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from waiting import wait_for

from probe.exit_codes import ExitCode
from tests.real import voices
from tests.real.speech import NotHereError

pytest.importorskip("whisper")

Speak = Callable[..., Path]

SPOKEN = "This is a test of the caption bot."


def run(
    directory: Path, *arguments: str, stdin: bytes | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """The command in a directory, with nothing of this session's configuration."""
    kept = {name: value for name, value in os.environ.items() if "ALTERNATOR" not in name}
    kept |= {"XDG_CONFIG_HOME": str(directory / "no-config")} | environ
    command = [sys.executable, "-m", "alternator", "transcribe", *arguments]
    done = subprocess.run(
        command,
        cwd=directory,
        env=kept,
        capture_output=True,
        input=stdin,
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def test_who_speaks_is_refused_without_the_weights_before_a_model_is_looked_for(
    speak: Speak, tmp_path: Path
) -> None:
    site = tmp_path / "site" / "resemblyzer-0.0.dist-info"  # another version, without its file
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: resemblyzer\nVersion: 0.0\n")
    (tmp_path / "speech.wav").write_bytes(speak(SPOKEN).read_bytes())
    done = run(
        tmp_path,
        *("--model", "tiny", "--diarize", "speech.wav"),
        PYTHONPATH=os.pathsep.join([str(site.parent), os.environ.get("PYTHONPATH", "")]),
        ALTERNATOR_WHISPER_MODEL_DIR=str(tmp_path / "none"),
    )
    assert done.returncode == ExitCode.MODEL
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert "`alternator models speakers`" in done.stderr
    assert not (tmp_path / "speech.txt").exists() and not (tmp_path / "none").exists()


def test_who_speaks_end_to_end(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    try:
        weights = voices.weights()
    except NotHereError as error:
        pytest.skip(f"no weights that tell voices apart: {error}")
    models = weights.parents[1]
    shutil.copy(speak(SPOKEN, suffix=".mp3"), tmp_path / "caption.mp3")
    told = ("--diarize", "--speakers", "1", "--model_dir", str(models))
    done = run(tmp_path, "--model", str(checkpoint), *told, "caption.mp3")
    assert done.returncode == 0, done.stderr
    assert f"[SPEAKER_00]: {SPOKEN}" in done.stdout
    assert (tmp_path / "caption.txt").read_text() == f"[SPEAKER_00]: {SPOKEN}\n"
    (segment,) = json.loads((tmp_path / "caption.json").read_text())["segments"]
    assert segment["speaker"] == "SPEAKER_00" and "words" not in segment
    assert segment["text"].strip() == SPOKEN


def test_good_and_bad_files_in_one_run(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(speak(SPOKEN, suffix=".mp3"), tmp_path / "caption.mp3")
    shutil.copy(speak("Guten Morgen, liebe Freunde.", "de", ".ogg"), tmp_path / "caption.ogg")
    shutil.copy(speak("Hello world.", suffix=".m4a"), tmp_path / "hello.m4a")
    (tmp_path / "notes.txt").write_text("no sound")
    files = ["caption.mp3", "nowhere.wav", "notes.txt", "caption.ogg", "hello.m4a"]

    done = run(tmp_path, "--model", str(checkpoint), "-o", "out", *files)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    *complaints, summary = done.stderr.splitlines()
    assert complaints == [
        "alternator transcribe: nowhere.wav: does not exist; name an audio or video file",
        f"alternator transcribe: {tmp_path}/notes.txt: is not audio or video that can be read "
        f"(ffmpeg: file:{tmp_path}/notes.txt: Invalid data found when processing input)",
    ]
    assert re.fullmatch(
        # Half a second of work is too little for a speed.
        r"alternator transcribe: 3 of 5 transcribed, 2 failed"
        r"(: \d+\.\d s of sound in \d+\.\d s, [\d.]+ × real time)?",
        summary,
    )
    assert "Detected language: German" in done.stdout
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    forms = ["json", "srt", "tsv", "txt", "vtt"]
    # Two files called caption: neither's results overwrite the other's.
    stems = ["caption.mp3", "caption.ogg", "hello"]
    assert written == [f"{stem}.{form}" for stem in stems for form in forms]
    assert (tmp_path / "out" / "caption.mp3.txt").read_text() == f"{SPOKEN}\n"
    assert json.loads((tmp_path / "out" / "caption.ogg.json").read_text())["language"] == "de"
    assert (tmp_path / "out" / "hello.vtt").read_text().startswith("WEBVTT\n\n00:00.000 --> ")


def test_folders_patterns_and_standard_input(
    speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    media = tmp_path / "media"
    (media / "talks").mkdir(parents=True)
    shutil.copy(speak(SPOKEN, suffix=".mp3"), media / "-caption 1.mp3")
    shutil.copy(speak("Hello world.", suffix=".m4a"), media / "talks" / "hello.m4a")
    (media / "talks" / "cover.png").write_text("no sound, and not named")
    arguments = ["--model", str(checkpoint), "-o", "out", "-f", "txt", "--resume", "media"]

    first = run(tmp_path, *arguments)
    assert first.returncode == 0, first.stderr
    results = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("out/**/*.txt"))
    assert results == ["out/-caption 1.txt", "out/talks/hello.txt"]
    # Each file's lines stand together, in the order of the files.
    assert [line for line in first.stdout.splitlines() if line.startswith("[")] == [
        line for line in first.stdout.splitlines() if "caption" in line or "ello" in line
    ]

    (tmp_path / "out" / "talks" / "hello.txt").unlink()
    again = run(tmp_path, *arguments, "--verbose", "None")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr.startswith("alternator transcribe: 1 of 2 transcribed, 1 there already")

    sound = (media / "-caption 1.mp3").read_bytes()
    piped = run(tmp_path, *arguments[:2], "-o", "-", "-", stdin=sound)
    assert (piped.returncode, piped.stdout) == (0, f"{SPOKEN}\n")
    matched = run(tmp_path, *arguments[:2], "-o", "-", "media/**/*.m4a", "media/*.flac")
    assert (matched.returncode, matched.stdout) == (1, "Hello world.\n")
    assert matched.stderr.splitlines()[0] == (
        "alternator transcribe: media/*.flac: no file matches this pattern; name one that is there"
    )


def test_an_address(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(speak("Hello world.", suffix=".mp3"), tmp_path / "hello.mp3")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        addresses = [f"{url}/hello.mp3?key=1", f"{url}/nothing.mp3"]
        done = run(tmp_path, "--model", str(checkpoint), "-f", "txt", "-o", "out", *addresses)
        server.shutdown()
    assert done.returncode == 1
    assert (tmp_path / "out" / "hello.txt").read_text() == "Hello world.\n"
    assert done.stderr.splitlines()[0] == (
        f"alternator transcribe: {url}/nothing.mp3: answers HTTP 404; check the address"
    )


def test_a_terminal_that_shows_ascii_only(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    path = speak("Meine Katze schläft auf dem Sofa.", "de")
    arguments = ["--model", str(checkpoint), "-f", "txt", "-o", "-", str(path), str(path)]
    done = run(tmp_path, *arguments, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "Meine Katze schl?ft auf dem Sofa.\n")


def test_sigterm_ends_the_worker_too(checkpoint: Path, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    noise = "anoisesrc=duration=3600:sample_rate=16000"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", noise, str(long)], check=True)
    started = [sys.executable, "-m", "alternator", "transcribe", "--model", str(checkpoint)]
    command = [*started, "--engine", "openai", "-o", str(tmp_path), str(long)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        worker = wait_for(lambda: children(process.pid))[0]
        process.terminate()
        assert process.wait(timeout=30) == 128 + 15
        wait_for(lambda: not Path(f"/proc/{worker}").exists())


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in found for child in file.read_text().split()]


def test_configuration_and_standard_output(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    """No account is needed, and the bot's limit on length is not for local files."""
    (tmp_path / "alternator.toml").write_text(
        f'[whisper]\nmodel = "{checkpoint.name}"\nlanguage = "de"\nmax_duration_minutes = 1\n'
    )
    path = speak("Meine Katze schläft auf dem Sofa.", "de")
    arguments = ["-o", "-", "-f", "srt", "--task", "translate", str(path)]
    done = run(tmp_path, *arguments, ALTERNATOR_WHISPER_MODEL_DIR=str(checkpoint.parent))
    assert (done.returncode, done.stderr) == (0, "")
    number, times, text = done.stdout.strip().split("\n")
    assert (number, text) == ("1", "My cat is sleeping on the sofa.")
    assert times.startswith("00:00:0") and " --> " in times


def test_options_reach_whisper(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    arguments = ["--model", str(checkpoint), "-f", "vtt", "--verbose", "False", "-o", "."]
    words = ["--word_timestamps", "True", "--max_words_per_line", "2", "--language", "English"]
    done = run(tmp_path, *arguments, *words, str(speak("Keep calm and carry on.")))
    assert done.returncode == 0, done.stderr
    (result,) = tmp_path.glob("*.vtt")
    lines = result.read_text().splitlines()
    assert lines[3::3] == ["Keep calm", "and carry", "on."]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--model", "bsae"], 5, "openai-whisper has no model 'bsae'; choose one of "),
        (["--engine", "opanai"], 2, "there is no speech engine 'opanai'; set [whisper] engine to "),
        (["--device", "cuda:99"], 2, "device 'cuda:99' can't work: "),
        (["--config", "nowhere.toml"], 2, "there is no configuration file nowhere.toml; "),
    ],
)
def test_what_stops_everything_is_one_line(
    speak: Speak,
    tmp_path: Path,
    arguments: list[str],
    exit_code: int,
    message: str,
    checkpoint: Path,
) -> None:
    model = [] if "--model" in arguments else ["--model", str(checkpoint)]
    done = run(tmp_path, *arguments, *model, str(speak(SPOKEN)))
    assert done.returncode == exit_code
    assert done.stderr.startswith(f"alternator transcribe: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_a_directory_for_results_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "-o", "file/out", "x.mp3")
    assert done.returncode == 2
    assert done.stderr == (
        "alternator transcribe: --output_dir file/out can't be made: Not a directory; "
        "choose another\n"
    )


def test_help_and_mistakes_need_nothing_that_decoding_needs(tmp_path: Path) -> None:
    for name in ("numpy", "torch", "whisper"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not needed')")
    done = run(tmp_path, "--help", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "\noutput:\n" in done.stdout
    done = run(tmp_path, "--beam_size", "0", "x.mp3", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.endswith("argument --beam_size: '0' is no whole number from 1 on\n")
