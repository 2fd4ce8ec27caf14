"""Writes a checkpoint as a CTranslate2 folder, which faster-whisper reads."""

from pathlib import Path

from alternator.models.checkpoint import read_checkpoint
from alternator.progress import SILENT
from alternator.speech.engines.converted.ctranslate2 import write


def convert(checkpoint: Path, folder: Path) -> Path:
    """Write the folder, unless it is there; weights stay in the precision of the file."""
    if (folder / "model.bin").exists():
        return folder
    partial = folder.with_name(f"{folder.name}.part")
    partial.mkdir(parents=True, exist_ok=True)
    write(read_checkpoint(checkpoint), partial, SILENT)
    partial.rename(folder)
    return folder
