"""The container's entrypoint: choose and prove the device inside, then become the command.

Runs behind an init that reaps and forwards signals. Commands that compute (``alternator run``,
``serve``, ``transcribe``) get a proven device; any other command starts at once.
"""

import json
import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Never

from probe.decide.choice import Choice, Rejected, Selection
from probe.decide.choose import choose
from probe.decide.overrides import read_overrides
from probe.detect.collect import facts_from
from probe.detect.run_probes import start_probes
from probe.errors import (
    ENTRYPOINT_PREFIX,
    CommandError,
    OverrideError,
    UserError,
    defect_text,
    print_trace,
    reason_of,
)
from probe.exit_codes import ExitCode
from probe.facts import Facts, Gpu
from probe.findings.builds import ProofFailed
from probe.frozen_record import replace
from probe.machine.image_record import read_image_record, record_path
from probe.machine.operator_config import config_of, whisper_settings
from probe.machine.this_machine import Machine, find_executable
from probe.machine.variables import PROVEN_DEVICE, REPORT_FILE, STATE_DIRECTORY
from probe.prove.image_build import image_build
from probe.prove.remembered import Verdicts, image_id
from probe.prove.run_child import Verdict, prove
from probe.report.schema import report
from probe.tables.builds import load_table
from probe.tables.visibility import CUDA, HIP, ROCR, unreadable

if TYPE_CHECKING:
    from probe.universal.provide import Provider

DEFAULT_COMMAND = ("alternator", "run")
COMPUTING = ("run", "serve", "transcribe")  # the sub-commands of alternator that use the device
VISIBILITY = (CUDA, HIP, ROCR)  # what a site may have set itself; then the cards are its choice


def main(argv: Sequence[str] | None = None) -> int:
    """Become the command. Returns (an exit code) only where it can't be started."""
    command = tuple(sys.argv[1:] if argv is None else argv) or DEFAULT_COMMAND
    try:
        require_executable(command[0])
        if computes(command):
            prepare(os.environ, config_of(command))
        become(command)
    except UserError as error:
        log(str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - told with its trace: the log is all that is left
        print_trace(error)
        log(defect_text(error))
        return ExitCode.INTERNAL


def become(command: tuple[str, ...]) -> Never:
    """Put the command in this process's place. Raises ``CommandError`` where it can't start."""
    sys.stderr.flush()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        raise CommandError(f"{command[0]} can't be started: {reason_of(error)}") from error


def computes(command: Sequence[str]) -> bool:
    """Whether the command is one that uses the device."""
    words = [word for word in command[1:] if not word.startswith("-")]
    asks_for_help = any(word in ("-h", "--help") for word in command[1:])
    is_ours = command[0].rpartition("/")[2] == "alternator"
    return is_ours and bool(words) and words[0] in COMPUTING and not asks_for_help


def require_executable(word: str) -> None:
    """Raise ``CommandError`` if the command's first word can't be executed."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    directory, _, name = word.rpartition("/")
    if "/" in word:
        path = [directory]
    if find_executable(name, path) is None:
        hint = f"; did you mean: alternator {word}" if word in COMPUTING else ""
        raise CommandError(f"{word!r} is no command in this image{hint}")


def prepare(environ: MutableMapping[str, str], config: str | None = None) -> None:
    """Choose and prove a device and write what follows from it into the environment.

    ``config`` is the bot's configuration file, if its command line names one. Raises ``UserError``
    if the operator asked for what can't work here.
    """
    left_out = [f"{name}={environ.pop(name)}" for name in unreadable(environ)]
    start = Start(environ, config)
    if left_out and (start.image is None or start.image.variant == "rocm"):
        log(f"left out, because ROCm or PyTorch would find no GPU by it: {', '.join(left_out)}")
    running = start_probes(Machine(environ=environ), tell=lambda line: log(f"waiting {line}"))
    facts = facts_from(running)
    for name, error in running.defects():
        print_trace(error)
        log(f"the probe {name} failed: {defect_text(error)}")
    choice = start.choose(facts)
    if choice.selection.backend == "cpu":
        is_cpu_image = start.image is not None and start.image.variant == "cpu"
        said = [f"using the CPU: {entry.text(facts.host.place)}" for entry in choice.advice]
        log([*said, "CPU image" if is_cpu_image else "using the CPU: no GPU was found"][0])
    else:
        facts, choice = start.prove(facts, choice)
    environ[PROVEN_DEVICE] = choice.selection.device
    write_state(facts, choice, environ)


class Start:
    """One start of a container: what the operator asked for, the image, the command's environment.

    The environment is the one thing that this changes, and nothing else in the probe changes it.
    """

    def __init__(self, environ: MutableMapping[str, str], config: str | None) -> None:
        self.environ = environ
        self.wanted = read_overrides(environ, settings=whisper_settings(environ, config))
        self.table = load_table()
        image = image_id(environ, record_path(environ))
        self.verdicts = Verdicts(environ.get(STATE_DIRECTORY), image)
        self.image = image_build(read_image_record(environ), environ)
        self._provider = self._installer() if self.image is None else None

    def _installer(self) -> "Provider":
        from probe.universal.provide import Provider  # the other images need none of it

        return Provider(self.table, self.wanted, {**self.environ}, log)

    def choose(self, facts: Facts) -> Choice:
        """The choice between the CPU and this image's torch.

        The universal image first gets the one for these facts installed.
        """
        if self._provider is not None:
            provided = self._provider.provide(facts)
            self.image = provided.build
            self.environ["PYTHONPATH"] = provided.python_path
        return choose(facts, self.table, self.wanted, self.image)

    def prove(self, facts: Facts, choice: Choice) -> tuple[Facts, Choice]:
        """Facts and choice after the proof: the first choice that computes, the CPU if none does.

        A GPU that fails is dead, and the choice is made again among what is left. Raises
        ``OverrideError`` if the operator asked for a GPU and none computes.
        """
        failed: list[Rejected] = []
        while choice.selection.backend != "cpu":
            gpu, wheel = choice.selection.gpus[0], choice.selection.wheel
            verdict = self._try(choice.selection, facts, insist=bool(failed))
            if verdict.why is None:
                proven = mark(facts, replace(gpu, state="proven"), gpu)
                return proven, replace(choice, rejected=(*failed, *choice.rejected))
            facts = mark(facts, replace(gpu, state="dead", why=verdict.why), gpu)
            failed.append(Rejected(wheel=wheel, why=ProofFailed(name=gpu.name, why=verdict.why)))
            choice = self._choose_again(facts, gpu, verdict)
        # -1 hides the GPUs of both vendors: nothing must wake the device that failed.
        self.environ[CUDA] = "-1"
        return facts, replace(choice, rejected=(*failed, *choice.rejected))

    def _try(self, selection: Selection, facts: Facts, *, insist: bool) -> Verdict:
        """Whether the selection computes; the variables that it needs stay only where it does."""
        gpu = selection.gpus[0]
        added = self._expose(selection, narrow=len(facts.gpus) > 1, insist=insist)
        remembered = self.verdicts.find(gpu, selection)
        verdict = remembered or prove(selection.device, environ=self.environ)
        if remembered is None:
            self.verdicts.remember(gpu, selection, verdict)
        if verdict.ok:
            log(_proven(gpu, verdict, remembered is not None))
        else:
            for name in added:
                self.environ.pop(name, None)
        return verdict

    def _choose_again(self, facts: Facts, gpu: Gpu, verdict: Verdict) -> Choice:
        """The choice without a GPU that failed, and a line about it."""
        try:
            following = self.choose(facts)
        except OverrideError as error:
            raise OverrideError(
                f"{self.wanted.source} can't work here: {gpu.name}: {verdict.why}"
            ) from error
        target = following.selection
        to = f"trying {target.gpus[0].name}" if target.gpus else "using the CPU"
        log(f"{to}: {gpu.name} was chosen and the proof failed: {verdict.why}")
        return following

    def _expose(self, selection: Selection, *, narrow: bool, insist: bool) -> list[str]:
        """Set the variables of a selection; returns those that were not there before.

        The operator's own choice stays (``narrow`` only adds one), unless it failed (``insist``).
        """
        if selection.backend == "rocm" and not self.environ.get(CUDA):
            self.environ.pop(CUDA, None)  # HIP takes an empty one as unset, PyTorch as no GPU
        added = [name for name in selection.env if name not in self.environ]
        for name in added:
            self.environ[name] = selection.env[name]
        if insist or (narrow and not any(self.environ.get(name) for name in VISIBILITY)):
            self.environ[CUDA] = ",".join(selection.visible_devices)
            self.environ.pop(HIP, None)  # HIP asks it before CUDA's
        return added


def _proven(gpu: Gpu, verdict: Verdict, remembered: bool) -> str:
    how = "proven before" if remembered else f"proven in {verdict.ms / 1000:.1f} s"
    encoder = f", Whisper's encoder in {verdict.encoder}" if verdict.encoder else ""
    return f"{how}: {verdict.name or gpu.name} with torch {verdict.torch}{encoder}"


def mark(facts: Facts, judged: Gpu, gpu: Gpu) -> Facts:
    """The facts with one GPU's state replaced."""
    return replace(facts, gpus=tuple(judged if g is gpu else g for g in facts.gpus))


def write_state(facts: Facts, choice: Choice, environ: Mapping[str, str]) -> None:
    """Leave the report in the state directory; one that can't be written is no reason to stop."""
    directory = environ.get(STATE_DIRECTORY)
    if not directory:
        return
    path = Path(directory) / REPORT_FILE
    try:
        unfinished = path.with_suffix(".json.new")
        unfinished.write_text(json.dumps(report(facts, choice), indent=2), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        log(f"{path} can't be written: {reason_of(error)}")


def log(message: str) -> None:
    """One line on stderr."""
    print(f"{ENTRYPOINT_PREFIX}{message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
