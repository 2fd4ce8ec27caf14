"""The container's entrypoint: choose and prove the device inside, then become the command.

Runs behind an init that reaps and forwards signals. Commands that compute (``alternator run``,
``alternator transcribe``) get a proven device; any other command starts at once.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from probe.cli import read_timeout
from probe.decide.choice import Choice, ImageBuild, Rejected, Selection
from probe.decide.choose import choose
from probe.decide.overrides import Overrides, read_overrides
from probe.detect.collect import collect
from probe.errors import CommandError, OverrideError, ProbeError, UserError
from probe.facts import Facts, Gpu
from probe.frozen_record import replace
from probe.machine.operator_config import config_of, whisper_settings
from probe.machine.this_machine import Machine, find_executable
from probe.prove.installed_torch import lie
from probe.prove.remembered import Verdicts, image_id
from probe.prove.run_child import Verdict, prove
from probe.report.schema import report
from probe.tables.builds import load_table

DEFAULT_COMMAND = ("alternator", "run")
COMPUTING = ("run", "transcribe")  # the sub-commands of alternator that use the device
VARIANT_FILE = "/opt/alternator/variant.json"
# What a site may have set itself; then the cards are its choice.
VISIBILITY = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")

ImageSource = Callable[[Facts], ImageBuild]


def main(argv: Sequence[str] | None = None) -> int:
    """Become the command. Returns (an exit code) only where it can't be started."""
    command = tuple(sys.argv[1:] if argv is None else argv) or DEFAULT_COMMAND
    try:
        require_executable(command[0])
        if computes(command):
            prepare(os.environ, config_of(command))
        sys.stderr.flush()
        os.execvp(command[0], command)
    except UserError as error:
        log(str(error))
        return error.exit_code
    except OSError as error:
        log(f"{command[0]} can't be started: {error.strerror}")
        return CommandError.exit_code


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
    wanted = read_overrides(environ, settings=whisper_settings(environ, config))
    facts = collect(machine=Machine(environ=environ), timeout_s=read_timeout(environ))
    image_for = image_source(environ, wanted)
    image = image_for(facts)
    choice = choose(facts, load_table(), wanted, image)
    selection = choice.selection
    if selection.backend == "cpu":
        reason = next(iter(choice.advice), "no GPU was found")
        log(f"using the CPU: {reason}" if image.variant != "cpu" or choice.advice else "CPU image")
    else:
        facts, choice = prove_choices(facts, choice, wanted, image_for, environ)
    environ["ALTERNATOR_PROVEN_DEVICE"] = choice.selection.device
    write_state(facts, choice, environ)


def prove_choices(
    facts: Facts,
    choice: Choice,
    wanted: Overrides,
    image_for: ImageSource,
    environ: MutableMapping[str, str],
) -> tuple[Facts, Choice]:
    """Facts and choice after the proof: the first choice that computes, the CPU if none does.

    A GPU that fails is dead, and the choice is made again among what is left. Raises
    ``OverrideError`` if the operator asked for a GPU and none computes.
    """
    file = environ.get("ALTERNATOR_VARIANT_FILE") or VARIANT_FILE
    verdicts = Verdicts(environ.get("ALTERNATOR_STATE_DIR"), image_id(environ, file))
    failed: list[Rejected] = []
    while choice.selection.backend != "cpu":
        selection = choice.selection
        gpu = selection.gpus[0]
        added = expose(selection, environ, narrow=len(facts.gpus) > 1, insist=bool(failed))
        remembered = verdicts.find(gpu, selection)
        verdict = remembered or prove(selection.device)
        if remembered is None:
            verdicts.remember(gpu, selection, verdict)
        if verdict.ok:
            log(_proven(gpu, verdict, remembered is not None))
            return mark(facts, replace(gpu, state="proven"), gpu), replace(
                choice, rejected=(*failed, *choice.rejected)
            )
        for name in added:
            environ.pop(name, None)
        facts = mark(facts, replace(gpu, state="dead", why=verdict.why), gpu)
        why = f"the proof failed on {gpu.name}: {verdict.why}"
        failed.append(Rejected(wheel=selection.wheel, why=why))
        try:
            following = choose(facts, load_table(), wanted, image_for(facts))
        except OverrideError as error:
            raise OverrideError(
                f"{wanted.source} can't work here: {gpu.name}: {verdict.why}"
            ) from error
        target = following.selection
        to = f"trying {target.gpus[0].name}" if target.gpus else "using the CPU"
        log(f"{to}: {gpu.name} was chosen and the proof failed: {verdict.why}")
        choice = following
    # -1 hides the GPUs of both vendors: nothing must wake the device that failed.
    environ["CUDA_VISIBLE_DEVICES"] = "-1"
    return facts, replace(choice, rejected=(*failed, *choice.rejected))


def expose(
    selection: Selection, environ: MutableMapping[str, str], *, narrow: bool, insist: bool
) -> list[str]:
    """Set the variables of a selection; returns those that were not there before.

    The operator's own choice of cards stays (``narrow`` only adds one), unless a GPU of it failed
    (``insist``).
    """
    added = [name for name in selection.env if name not in environ]
    for name in added:
        environ[name] = selection.env[name]
    if insist or (narrow and not any(environ.get(name) for name in VISIBILITY)):
        environ["CUDA_VISIBLE_DEVICES"] = ",".join(selection.visible_devices)
        environ.pop("HIP_VISIBLE_DEVICES", None)  # HIP asks it before CUDA's
    return added


def _proven(gpu: Gpu, verdict: Verdict, remembered: bool) -> str:
    how = "proven before" if remembered else f"proven in {verdict.ms / 1000:.1f} s"
    encoder = f", Whisper's encoder in {verdict.encoder}" if verdict.encoder else ""
    return f"{how}: {verdict.name or gpu.name} with torch {verdict.torch}{encoder}"


def mark(facts: Facts, judged: Gpu, gpu: Gpu) -> Facts:
    """The facts with one GPU's state replaced."""
    return replace(facts, gpus=tuple(judged if g is gpu else g for g in facts.gpus))


def image_source(environ: MutableMapping[str, str], wanted: Overrides) -> ImageSource:
    """What tells which torch there is for given facts: this image's own or, in the universal image,
    the one that it installs for them."""
    if read_record(environ).get("variant") == "universal":
        from probe.universal.provide import Provider  # the other images need none of it

        return Provider(load_table(), wanted, environ, log).provide
    image = read_image(environ)
    return lambda facts: image


def read_record(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the build wrote down about this image; empty where that can't be read."""
    path = environ.get("ALTERNATOR_VARIANT_FILE") or VARIANT_FILE
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def read_image(environ: MutableMapping[str, str]) -> ImageBuild:
    """What this image holds. Raises ``ProbeError`` if its file does not say."""
    path = environ.get("ALTERNATOR_VARIANT_FILE") or VARIANT_FILE
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        image = ImageBuild(variant=data["variant"], torch=data["torch"], wheel=data["wheel"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProbeError(
            f"{path} does not say which torch this image holds ({type(error).__name__}); build "
            f"the image again (make images) or name the file in ALTERNATOR_VARIANT_FILE"
        ) from error
    if image.variant not in ("cpu", "cuda", "rocm") or not isinstance(image.torch, str):
        raise ProbeError(f"{path}: {image.variant!r} is none of cpu, cuda, rocm")
    # A file that somebody named elsewhere speaks of a torch that is elsewhere.
    problem = lie(image.variant, image.torch, image.wheel) if path == VARIANT_FILE else None
    if problem:
        raise ProbeError(
            f"this image is not what it says: {problem}; build it again (make images) or pull it "
            f"again"
        )
    return image


def write_state(facts: Facts, choice: Choice, environ: MutableMapping[str, str]) -> None:
    """Leave the report in the state directory; one that can't be written is no reason to stop."""
    directory = environ.get("ALTERNATOR_STATE_DIR")
    if not directory:
        return
    path = Path(directory) / "probe.json"
    try:
        unfinished = path.with_suffix(".json.new")
        unfinished.write_text(json.dumps(report(facts, choice), indent=2), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        log(f"{path} can't be written: {error.strerror}")


def log(message: str) -> None:
    """One line on stderr."""
    print(f"alternator-entrypoint: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
