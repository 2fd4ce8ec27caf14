"""What every image of ours must be, as a test class: a variant's own class inherits it."""

import json
import os
import re
import shlex
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from media_kinds import LISTED_AS, NOT_MADE, SECONDS, SOUNDS, VIDEOS, make_kind

from alternator.media.audio_command import SAMPLE_RATE, Plan, audio_command
from alternator.media.video_frames import PICTURES, frame_command
from images.build.build import BuildRequest, Built, build
from images.build.builder import Builder, builder_here
from images.catalog import CHECKOUT, Budget, load_catalog
from images.console import Console
from images.contents import budget
from images.engine.answers import ImageFacts
from images.engine.container import Container, Ended
from images.engine.engine import Engine
from images.errors import BudgetError, EngineError
from images.scripts.list_files import SKIPPED
from probe.report.snippet_settings import PIDS_LIMIT

# The directories of the project's own layer.
OWN_PACKAGES = ("alternator", "probe")
SPEECH = "The children are playing in the garden."
HARDENED: dict[str, Any] = {
    "read_only": True,
    "tmpfs": {"/tmp": "size=64m"},
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "pids_limit": PIDS_LIMIT,
    "network_mode": "none",
}
COMPILERS = (
    "cc",
    "gcc",
    "g++",
    "c++",
    "clang",
    "ld",
    "as",
    "make",
    "nvcc",
    "hipcc",
    "protoc",
    "ptxas",
)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The running engine; the reason to skip where there is none."""
    with Engine(os.environ) as found:
        state = found.state()
        if not state.reachable:
            pytest.skip(f"no container engine answers: {state.why}")
        try:
            _ = found.build_client
        except EngineError as error:
            pytest.skip(str(error))
        yield found


@pytest.fixture(scope="session")
def builder(engine: Engine) -> Builder:
    """What builds this checkout's images on that engine."""
    return builder_here(engine, Console(), may_install=False)


@pytest.fixture(scope="class")
def built(request: pytest.FixtureRequest, builder: Builder) -> Built:
    """The image of the test class's variant."""
    catalog, name = builder.catalog, request.cls.variant
    universal = name == catalog.universal.name
    image = catalog.universal if universal else catalog.variant(name)
    return build(BuildRequest(image=image), builder)


@pytest.fixture(scope="class")
def image(built: Built) -> str:
    return built.tag


@pytest.fixture(scope="class")
def facts(engine: Engine, image: str) -> ImageFacts:
    """What the engine says of the image."""
    return engine.inspect(image)


@pytest.fixture(scope="class")
def config(facts: ImageFacts) -> dict[str, Any]:
    """The image's configuration, of whatever shape the engine gives it."""
    return dict(facts.config)


@pytest.fixture(scope="class")
def files(engine: Engine, image: str) -> dict[str, tarfile.TarInfo]:
    """Every entry of the image's root file system, by its path, as the engine exports it."""
    container = engine.client.containers.create(image)
    found = {}
    try:
        with tempfile.TemporaryFile() as file:
            for chunk in container.export():
                file.write(cast(bytes, chunk))
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                for entry in archive:
                    found[f"/{entry.name}"] = entry
    finally:
        container.remove(force=True, v=True)
    return found


def packed(engine: Engine, image: str, path: str) -> int:
    """The bytes of a path of the image, compressed as a registry has them."""
    container = engine.client.containers.create(image)
    try:
        chunks, _ = container.get_archive(path)
        packer = zlib.compressobj()
        return sum(len(packer.compress(chunk)) for chunk in chunks) + len(packer.flush())
    finally:
        container.remove(force=True, v=True)


def run_hardened(
    engine: Engine, image: str, command: list[str], *, timeout_s: float = 180, **options: Any
) -> Ended:
    """Run a command in an image, hardened but for ``options``, to its end."""
    with Container(engine, image, command, **{**HARDENED, **options}) as container:
        return container.until_it_ends(timeout_s)


@pytest.fixture
def run(engine: Engine, image: str) -> Callable[..., Ended]:
    """Run a command in the image, hardened, to its end."""

    def run_command(*command: str, **options: Any) -> Ended:
        return run_hardened(engine, image, list(command), **options)

    return run_command


# Starts the server, has one file transcribed when it is ready, and stops it.
SERVING = """
import subprocess, sys, time, requests
server = subprocess.Popen(("alternator", "serve", "--model", "/media/model.pt"))
while True:
    try:
        if requests.get("http://127.0.0.1:8000/readyz", timeout=10).ok:
            break
    except requests.ConnectionError:
        pass
    if server.poll() is not None:
        sys.exit("the server ended")
    time.sleep(0.1)
with open("/media/clip.mp3", "rb") as file:
    answer = requests.post("http://127.0.0.1:8000/asr", files={"audio_file": file}, timeout=60)
print(answer.text)
server.terminate()
sys.exit(server.wait())
"""


@pytest.mark.engine
class ImageContract:
    """A child names its variant; the image is built from this checkout once a class."""

    variant: str
    wheel: str
    volumes: frozenset[str] = frozenset()  # beside those for state and models
    packages: frozenset[str] = frozenset()  # with a licence, beside those of every image

    # Lean

    def test_keeps_its_budget(self, built: Built) -> None:
        most = load_catalog().budgets[self.variant].most
        assert most is not None
        assert built.size <= most

    def test_an_image_over_its_budget_is_refused_with_what_weighs_most(
        self, engine: Engine, built: Built
    ) -> None:
        with pytest.raises(BudgetError, match=r"MB more than the 0\.10 GB") as failure:
            budget.check_size(engine, built.tag, self.variant, Budget(most=100_000_000))
        assert re.search(r"^ +[+-]?\d+\.\d\d MB  \w", str(failure.value), re.MULTILINE)

    def test_its_decoders_start_confined(self, run: Callable[..., Ended]) -> None:
        code = "from alternator.media.confined.standing import in_words; print(in_words())"
        words = run("python", "-c", code).output.strip()
        # What the kernel or an old engine has not is said; ours start with all that is there.
        assert words.startswith(("seccomp on, landlock o", "seccomp off: ")), words
        assert "does not start" not in words and "script" not in words

    def test_ffmpeg_opens_nothing_but_files_and_pipes(self, run: Callable[..., Ended]) -> None:
        listed = run("ffmpeg", "-hide_banner", "-protocols").output
        assert set(re.findall(r"^  (\w+)$", listed, re.MULTILINE)) == {"file", "pipe"}
        decoders = run("ffmpeg", "-hide_banner", "-decoders").output
        for decoder in {kind.decoder for kind in (*SOUNDS, *VIDEOS)} | NOT_MADE:
            assert re.search(rf" {LISTED_AS.get(decoder, decoder)} ", decoders), decoder

    def test_ffmpeg_reads_every_kind_of_sound(
        self, run: Callable[..., Ended], tmp_path: Path
    ) -> None:
        """By the command that a transcription starts; that it is the tone, the host's tests see."""
        script = ""
        for kind in SOUNDS:
            make_kind(kind, tmp_path)
            _, *words = audio_command(Path("/media") / kind.name, Plan())
            script += f"echo {kind.name} $(ffmpeg {shlex.join(words)} 2>/tmp/log | wc -c)\n"
        ended = run("sh", "-c", script, volumes=kinds_in(tmp_path))
        sizes = dict(line.split() for line in ended.output.splitlines())
        assert list(sizes) == [kind.name for kind in SOUNDS]
        for kind in SOUNDS:
            seconds = int(sizes[kind.name]) / 2 / SAMPLE_RATE
            assert seconds == pytest.approx(SECONDS, abs=kind.slack), kind.name

    def test_ffmpeg_takes_a_frame_out_of_every_kind_of_video(
        self, run: Callable[..., Ended], tmp_path: Path
    ) -> None:
        script = ""
        for kind in VIDEOS:
            make_kind(kind, tmp_path)
            path, frame = Path("/media") / kind.name, Path("/tmp/frame.png")
            _, *words = frame_command(path, PICTURES[0], 0.0, 256, frame)
            script += f"rm -f {frame}; ffmpeg {shlex.join(words)}\n"
            script += f"echo {kind.name} $(head -c 4 {frame} | tail -c 3)\n"
        ended = run("sh", "-c", script, volumes=kinds_in(tmp_path))
        assert ended.output.splitlines() == [f"{kind.name} PNG" for kind in VIDEOS]

    def test_every_program_finds_what_it_links(self, run: Callable[..., Ended]) -> None:
        """The base was made smaller: nothing that is left may miss what went."""
        script = (
            "find /usr/bin /usr/sbin /usr/lib /usr/local /opt -xdev -type f"
            " '(' -name '*.so*' -o -perm /111 ')' -not -path '*/torch/*' -not -path '*/nvidia/*'"
            ' | while read -r file; do LD_LIBRARY_PATH=$(dirname "$file") ldd "$file" 2>&1'
            ' | sed -n "s|not found|& by $file|p"; done'
        )
        ended = run("sh", "-c", script)
        assert (ended.status, ended.output) == (0, "")

    def test_a_change_of_the_code_moves_less_than_5_mb(
        self, engine: Engine, image: str, files: dict[str, tarfile.TarInfo]
    ) -> None:
        """The project's own layer is above all others, holds nothing else, and is light: what
        travels is compressed."""
        steps = list(reversed(engine.history(image)))
        [code] = [
            number
            for number, step in enumerate(steps)
            if re.search(r"place\.sh /mnt /( |$)", step.created_by)
        ]
        [start] = [path for path in files if path.endswith("/site-packages/alternator/__init__.py")]
        packages = [start.removesuffix("alternator/__init__.py") + name for name in OWN_PACKAGES]
        own = sum(entry.size for path, entry in files.items() if path.startswith(tuple(packages)))
        layer = sum(step.size for step in steps[code:])
        assert 100_000 < layer < own + 200_000
        assert sum(packed(engine, image, path) for path in packages) < 5_000_000

    # Hardened

    def test_nothing_installs_packages_or_changes_users(
        self, files: dict[str, tarfile.TarInfo]
    ) -> None:
        programs = {path.rpartition("/")[2] for path in files if "bin/" in path}
        assert programs.isdisjoint({"apt", "apt-get", "dpkg", "perl", "su", "login", "mount"})
        installed = {path for path in files if path.startswith("/var/lib/dpkg/info/apt")}
        assert not installed

    def test_runs_as_a_number_that_is_not_root(self, config: dict[str, Any]) -> None:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"])

    def test_nothing_is_setuid_or_setgid(self, files: dict[str, tarfile.TarInfo]) -> None:
        assert [
            path for path, entry in files.items() if entry.isfile() and entry.mode & 0o6000
        ] == []

    def test_nothing_is_writable_for_everybody_but_the_volumes(
        self, files: dict[str, tarfile.TarInfo]
    ) -> None:
        writable = {
            path
            for path, entry in files.items()
            if entry.mode & 0o002 and not entry.issym() and not path.startswith(SKIPPED)
        }
        assert (
            writable
            <= {
                "/var/lib/alternator/state",
                "/var/lib/alternator/models",
                "/var/tmp",
                "/var/lock",
            }
            | self.volumes
        )

    def test_holds_no_compiler(self, files: dict[str, tarfile.TarInfo]) -> None:
        programs = {
            path.rpartition("/")[2] for path in files if "/bin/" in path or "/sbin/" in path
        }
        assert programs.isdisjoint(COMPILERS)

    def test_nothing_becomes_another_user_or_group(self, files: dict[str, tarfile.TarInfo]) -> None:
        assert [path for path, entry in files.items() if entry.mode & 0o6000] == []

    def test_starts_without_a_shell(self, config: dict[str, Any]) -> None:
        assert config["Entrypoint"][0] == "/usr/bin/tini"
        assert config["Cmd"] == ["alternator", "run"]
        assert config["Healthcheck"]["Test"] == ["CMD", "alternator", "health"]

    def test_holds_no_secret(
        self, config: dict[str, Any], files: dict[str, tarfile.TarInfo]
    ) -> None:
        assert [
            e for e in config["Env"] if re.search("TOKEN|KEY|PASSWORD|SECRET", e, re.IGNORECASE)
        ] == []
        keys = [
            path for path in files if re.search(r"/(id_rsa|id_ed25519|auth\.conf|\.netrc)$", path)
        ]
        assert keys == []

    def test_no_port_is_declared(self, config: dict[str, Any]) -> None:
        assert not config.get("ExposedPorts")

    # Accounted for

    def test_labels_tell_where_it_comes_from(self, facts: ImageFacts) -> None:
        labels = facts.labels
        prefix = "org.opencontainers.image."
        for name in ("source", "revision", "version", "created", "base.name", "base.digest"):
            assert labels[prefix + name], name
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", labels[f"{prefix}base.digest"])
        assert facts.created.startswith(labels[f"{prefix}created"].rstrip("Z"))
        assert labels["alternator.variant"] == self.variant
        assert labels["alternator.wheel"] == self.wheel

    def test_licences_are_inside(self, files: dict[str, tarfile.TarInfo]) -> None:
        folder = "/usr/share/licenses/alternator/"
        assert files[f"{folder}LICENSE"].size == (CHECKOUT / "LICENSE").stat().st_size
        names = {path.removeprefix(folder).partition("/")[0] for path in files if folder in path}
        assert {"ffmpeg", "libdav1d6", "tini", "requests"} | self.packages <= names


class TorchContract(ImageContract):
    """What an image with a torch of its own must be on top."""

    packages = frozenset({"torch", "numpy", "openai-whisper"})

    # Lean

    @pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".ogg", ".flac", ".mp4"])
    def test_transcribes_with_word_timestamps(
        self,
        run: Callable[..., Ended],
        speak: Callable[..., Path],
        checkpoint: Path,
        suffix: str,
    ) -> None:
        ended = run(
            *("alternator", "transcribe", f"/media/clip{suffix}", "--model", "/media/model.pt"),
            *("--output_format", "json", "--output_dir", "/tmp", "--word_timestamps", "True"),
            *("--verbose", "True"),
            volumes=media(speak(SPEECH, suffix=suffix), f"clip{suffix}", checkpoint),
        )
        assert ended.status == 0, ended.messages
        assert SPEECH in ended.output
        assert "Traceback" not in ended.messages

    def test_speech_has_our_kernels_and_torchs_threads(self, run: Callable[..., Ended]) -> None:
        program = (
            "from alternator.speech.batched.kernels import our_kernels; kernels = our_kernels();"
            "print(kernels is not None and kernels.threaded)"
        )
        ended = run("python", "-c", program)
        assert (ended.status, ended.output.strip()) == (0, "True")
        ended = run("alternator", "doctor", "--no-endpoint")
        assert "speech on the CPU by our own kernels: " in ended.output

    def test_our_kernels_can_be_turned_off(self, run: Callable[..., Ended]) -> None:
        ended = run(
            *("alternator", "doctor", "--no-endpoint"), environment={"ALTERNATOR_KERNELS": "no"}
        )
        assert "by torch's operations alone: ALTERNATOR_KERNELS says so" in ended.output

    def test_serves(
        self, run: Callable[..., Ended], speak: Callable[..., Path], checkpoint: Path
    ) -> None:
        ended = run(
            *("python", "-c", SERVING),
            volumes=media(speak(SPEECH, suffix=".mp3"), "clip.mp3", checkpoint),
        )
        assert ended.status == 0, ended.messages
        assert SPEECH in ended.output
        assert "Traceback" not in ended.messages

    def test_byte_code_is_there_for_all_that_a_transcription_imports(
        self, run: Callable[..., Ended], speak: Callable[..., Path], checkpoint: Path
    ) -> None:
        program = (
            "import sys, alternator.bot.run, alternator.speech.worker.main;"
            "from alternator.speech.engines.whisper_package import whisper;"
            "from alternator.transcribe.cli import main; status = main(sys.argv[1:]);"
            "import numpy;"
            "whisper.transcribe(whisper.load_model('/media/model.pt'),"
            " numpy.random.rand(32000).astype('f'), word_timestamps=True, fp16=False);"
            "import pathlib; files = {getattr(m, '__file__', None) or '' for m in"
            " list(sys.modules.values())};"
            "import importlib.util as u;"
            "missing = [f for f in files if f.startswith('/') and f.endswith('.py')"
            " and not pathlib.Path(u.cache_from_source(f)).exists()];"
            "print('MISSING', sorted(missing)); sys.exit(status)"
        )
        ended = run(
            *("python", "-c", program, "/media/clip.wav", "--model", "/media/model.pt"),
            *("--output_format", "json", "--output_dir", "/tmp", "--word_timestamps", "True"),
            volumes=media(speak(SPEECH), "clip.wav", checkpoint),
        )
        assert ended.status == 0, ended.messages
        assert re.findall(r"^MISSING (.*)", ended.output, re.MULTILINE) == ["[]"]

    def test_every_library_finds_what_it_links(
        self, run: Callable[..., Ended], files: dict[str, tarfile.TarInfo]
    ) -> None:
        """The dynamic loader's word on each library of torch, in the environment that runs it."""
        libraries = [
            path for path in files if re.search(r"/torch/lib/lib(torch|c10)\w*\.so$", path)
        ]
        assert libraries
        listing = run("ldd", *libraries).output
        missing = set(re.findall(r"(\S+) => not found", listing))
        assert missing <= {"libcuda.so.1"}  # the host's driver brings it

    # Hardened

    @pytest.mark.parametrize("user", ["4242:4242", "65534:0"])
    def test_any_other_user_may_run_it(self, run: Callable[..., Ended], user: str) -> None:
        ended = run("alternator", "transcribe", "/nowhere.wav", "--model", "tiny", user=user)
        assert "Permission denied" not in ended.messages
        assert "Traceback" not in ended.messages

    def test_holds_no_pip(self, files: dict[str, tarfile.TarInfo]) -> None:
        assert [
            path for path in files if re.search(r"/(pip|ensurepip)(-[\d.]+\w*)?(/|$)", path)
        ] == []
        assert [path for path in files if re.search(r"/pip-[\d.]+.*\.whl$", path)] == []

    # Truthful

    def test_a_record_that_does_not_fit_the_torch_inside_ends_the_start(
        self, run: Callable[..., Ended], tmp_path: Path
    ) -> None:
        lie = {"variant": "rocm", "torch": "2.13.0", "wheel": "rocm7.2"}
        if self.variant == "rocm":
            lie = {"variant": "cuda", "torch": "2.13.0", "wheel": "cu130"}
        file = tmp_path / "variant.json"
        file.write_text(json.dumps(lie))
        tmp_path.chmod(0o755)
        where = {"bind": "/opt/alternator/variant.json", "mode": "ro"}
        ended = run("alternator", "run", volumes={str(file): where})
        assert ended.status != 0
        assert "this image is not what it says" in ended.messages


def kinds_in(folder: Path) -> dict[str, dict[str, str]]:
    """The volume that brings a folder of media into a container, as /media."""
    folder.chmod(0o755)
    return {str(folder): {"bind": "/media", "mode": "ro"}}


def media(clip: Path, name: str, checkpoint: Path) -> dict[str, dict[str, str]]:
    """The volumes that bring a clip and a checkpoint into a container, below /media."""
    return {
        str(clip): {"bind": f"/media/{name}", "mode": "ro"},
        str(checkpoint): {"bind": "/media/model.pt", "mode": "ro"},
    }
