"""The operations of the speech engine, each alone and small: which of them does a device lack?

The engine ``alternator`` does without openai-whisper's classes, so a pass through these proves
nothing of it. What it calls of torch is here, in the shapes and precisions that it uses
(alternator/speech: batched/, voice.py, spectrogram.py); a kernel that is missing or wrong is named.
torch is handed in: nothing here imports it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from probe.prove.cpu_layers import int8_encoder, int8_linear, packed_linear
from probe.prove.operands import Operands

# Of the largest element: above what half precision and 7 bits lose in one operation.
TOLERANCE = 2e-2
INFINITE = float("inf")


Operation = Callable[[Operands], Any]


def linear(given: Operands) -> Any:
    """Queries, keys and values by one product."""
    return given.torch.nn.functional.linear(
        given.floats(4, 64), given.floats(192, 64), given.floats(192)
    )


def attention(given: Operands) -> Any:
    """Over a cache of which each query may see a part."""
    bias = given.floats(2, 1, 3, 32).masked_fill(given.full(2, 1, 3, 32) > 0.5, -INFINITE)
    return given.torch.nn.functional.scaled_dot_product_attention(
        given.floats(2, 2, 3, 64),
        given.floats(2, 2, 32, 64),
        given.floats(2, 2, 32, 64),
        attn_mask=bias,
    )


def attention_to_the_past(given: Operands) -> Any:
    """Of a prompt's tokens to those before them."""
    return given.torch.nn.functional.scaled_dot_product_attention(
        given.floats(2, 2, 4, 64),
        given.floats(2, 2, 4, 64),
        given.floats(2, 2, 4, 64),
        is_causal=True,
    )


def attention_to_all(given: Operands) -> Any:
    """The encoder's."""
    return given.torch.nn.functional.scaled_dot_product_attention(
        given.floats(2, 2, 50, 64), given.floats(2, 2, 50, 64), given.floats(2, 2, 50, 64)
    )


def caches(given: Operands) -> Any:
    """New keys and values go into their places."""
    cache = given.floats(8, 16)
    cache.index_copy_(0, given.whole(1, 6), given.floats(2, 16))
    cache[given.whole(0, 5)] = given.floats(2, 16)
    cache.view(-1).index_fill_(0, given.whole(3, 4), 0.0)
    rows = given.whole(1, 1, 0, 2).view(2, 2)
    return cache.view(2, 4, 16).gather(1, rows[:, :, None].expand(2, 2, 16))


def norm(given: Operands) -> Any:
    """A layer norm over the state."""
    return given.torch.nn.functional.layer_norm(
        given.floats(4, 64), (64,), given.floats(64), given.floats(64)
    )


def gelu(given: Operands) -> Any:
    """In place."""
    return given.torch.ops.aten.gelu_(given.floats(4, 64))


def convolution(given: Operands) -> Any:
    """The encoder's second, which halves the frames."""
    return given.torch.nn.functional.conv1d(
        given.floats(2, 64, 50), given.floats(64, 64, 3), given.floats(64), stride=2, padding=1
    )


def embedding(given: Operands) -> Any:
    """Of tokens."""
    return given.torch.nn.functional.embedding(given.whole(1, 5, 9), given.floats(64, 64))


def rules(given: Operands) -> Any:
    """What the rules of tokens and timestamps make of logits."""
    logits = given.full(4, 1000)
    logits = logits.masked_fill(logits > 2, -INFINITE)
    logprobs = given.torch.log_softmax(logits, dim=-1)
    times = logprobs[:, 990:].logsumexp(dim=-1, keepdim=True)
    text = logprobs[:, :990].amax(dim=-1, keepdim=True)
    kept = given.torch.where(times > text, logprobs - times, logprobs)
    return given.torch.nan_to_num(kept, neginf=-50.0)


def likeliest(given: Operands) -> Any:
    """The best tokens of each hypothesis, and the best one."""
    best, places = given.full(4, 1000).topk(6, dim=-1)
    return given.torch.cat([best, places.float(), given.full(4, 100).argmax(-1, True).float()], -1)


def chance(given: Operands) -> Any:
    """Sums of probabilities, in which a token is drawn."""
    return given.torch.softmax(given.full(4, 1000), dim=-1).cumsum(dim=-1)


def recurrent(given: Operands) -> Any:
    """The voice detector's memory, without cuDNN."""
    weights = [given.full(512, 128), given.full(512, 128), given.full(512), given.full(512)]
    state = (given.full(1, 3, 128), given.full(1, 3, 128))
    arguments = (state, weights, True, 1, 0.0, False, False, False)
    return given.torch.lstm(given.full(5, 3, 128), *arguments)[0]


def loudness(given: Operands) -> Any:
    """Of sound: its range, and the peak of the neighbourhood."""
    low, high = given.full(64, 512).aminmax(dim=1)
    return given.torch.nn.functional.max_pool1d((high - low)[None], 21, stride=1, padding=10)


def spectrum(given: Operands) -> Any:
    """Of sound, by a product: mirrored, framed, its powers in decades."""
    mirrored = given.torch.nn.functional.pad(given.full(2, 3200), (200, 200), mode="reflect")
    parts = mirrored.unfold(1, 400, 160) @ given.full(400, 402)
    powers = parts[..., :201].square() + parts[..., 201:].square()
    return powers.clamp_(min=1e-10).log10_()


def recorded(given: Operands) -> Any:
    """A step that is recorded once and played again with another input (CUDA and HIP graphs)."""
    torch = given.torch
    weights, rows = given.floats(64, 64), given.floats(4, 64)
    other = given.floats(4, 64)
    if given.device == "cpu":
        return other @ weights
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        rows @ weights  # the library's own memory is taken outside of the recording
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = rows @ weights
    rows.copy_(other)
    graph.replay()
    torch.cuda.synchronize()
    return result


OPERATIONS: dict[str, Operation] = {
    "a linear layer": linear,
    "attention with a mask": attention,
    "causal attention": attention_to_the_past,
    "attention": attention_to_all,
    "writing into a cache": caches,
    "layer norm": norm,
    "GELU": gelu,
    "a convolution": convolution,
    "an embedding": embedding,
    "log-probabilities": rules,
    "the largest of many": likeliest,
    "cumulative sums": chance,
    "an LSTM": recurrent,
    "a maximum over neighbours": loudness,
    "a spectrum by a product": spectrum,
}
# On a CPU alone; what they give is compared with the plain layer's.
CPU_LAYERS: dict[str, Operation] = {
    "a packed linear layer": packed_linear,
    "a linear layer in int8": int8_linear,
    "the encoder's linear layer in int8": int8_encoder,
}
# On a GPU of NVIDIA or AMD alone.
GRAPHS: dict[str, Operation] = {"a recorded step (graph)": recorded}


def operations_of(device: str) -> Iterator[tuple[str, Operation]]:
    """What the engine does on a device: a name for messages, and the function."""
    yield from OPERATIONS.items()
    if device == "cpu":
        yield from CPU_LAYERS.items()
    if device.startswith("cuda"):
        yield from GRAPHS.items()


def error_of(torch: Any, operation: Operation, device: str, *, half: bool) -> float:
    """The largest difference from the CPU's float32, as a part of the largest element.

    What torch raises where the device or the build lacks the operation comes through.
    """
    with torch.inference_mode():
        plain = linear if operation in CPU_LAYERS.values() else operation
        expected = plain(Operands(torch, "cpu", half=False))
        found = operation(Operands(torch, device, half=half)).float().cpu()
        return float((found - expected).abs().max() / expected.abs().max())
