"""openai-whisper's network with the weights of a checkpoint; each failure has its remedy.

Found, fetched and read by ``alternator.models``: openai-whisper's own loader reads a file twice,
resumes nothing, and knows no form but its own.
"""

from pathlib import Path

import torch

from alternator.errors import OutOfMemoryError
from alternator.models.checkpoint import Checkpoint
from alternator.models.loading import load_checkpoint
from alternator.progress import Progress
from alternator.speech.engines.whisper_package import ModelDimensions, whisper


# size: what is wanted, from where, to which device, and who waits
def load_model(
    name: str, directory: Path, device: str, *, mirror: str | None = None, progress: Progress
) -> whisper.Whisper:
    """The network that a name or a path in ``[whisper] model`` means, on its device.

    It is fetched to ``directory`` unless it is there. ModelError says what is wrong with it, and
    what to do; OutOfMemoryError that it does not fit.
    """
    checkpoint = load_checkpoint(name, directory, mirror=mirror, progress=progress)
    try:
        return network(checkpoint).to(device)
    except (torch.OutOfMemoryError, MemoryError):
        raise OutOfMemoryError(out_of_memory(f"the Whisper model {name!r}", device)) from None
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        raise OutOfMemoryError(out_of_memory(f"the Whisper model {name!r}", device)) from None


def network(checkpoint: Checkpoint) -> whisper.Whisper:
    """openai-whisper's network, in float32 on the CPU, as whisper.load_model makes it.

    One tensor after the other is taken out of the checkpoint, so that it is never there twice.
    """
    made = whisper.Whisper(ModelDimensions(**vars(checkpoint.dimensions)))
    with torch.no_grad():
        for name, place in made.state_dict().items():
            place.copy_(checkpoint.weights[name])
    if checkpoint.alignment_heads is not None:
        d = checkpoint.dimensions
        heads = torch.zeros(d.n_text_layer, d.n_text_head, dtype=torch.bool)
        for layer, head in checkpoint.alignment_heads:
            heads[layer, head] = True
        made.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    return made


def out_of_memory(what: str, device: str) -> str:
    """For a device whose memory is too small."""
    where = "the memory" if device == "cpu" else f"the memory of GPU {device!r}"
    smaller = "choose a smaller [whisper] model"
    return f"{what} does not fit into {where}; {smaller}" + (
        "" if device == "cpu" else ", or set [whisper] device to cpu"
    )
