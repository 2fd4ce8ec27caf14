"""The operations of the speech engine, each alone and small: which of them does a device lack?

The engine ``alternator`` does without openai-whisper's classes, so a pass through these proves
nothing of it. What it calls of torch is here, in the shapes and precisions that it uses
(alternator/speech: batched/, voice.py, spectrogram.py); a kernel that is missing or wrong is named.
torch is handed in: nothing here imports it.
"""

from collections.abc import Callable, Iterator
from typing import Any

# Of the largest element: above what half precision loses in one operation.
TOLERANCE = 2e-2
INFINITE = float("inf")


class Bench:
    """Tensors of one device for an operation: the same numbers on every device.

    ``half``: whether floats are float16, as on a GPU. What stays float32 there asks for ``full``.
    """

    def __init__(self, torch: Any, device: str, *, half: bool) -> None:
        self.torch = torch
        self.device = device
        self._half = half
        self._generator = torch.Generator().manual_seed(7)

    def full(self, *shape: int) -> Any:
        """Normally distributed float32."""
        return self.torch.randn(*shape, generator=self._generator).to(self.device)

    def floats(self, *shape: int) -> Any:
        """The same in the engine's precision."""
        made = self.full(*shape)
        return made.half() if self._half else made

    def whole(self, *values: int) -> Any:
        """Those int64 values."""
        return self.torch.tensor(values, device=self.device)


Operation = Callable[[Bench], Any]


def linear(bench: Bench) -> Any:
    """Queries, keys and values by one product."""
    return bench.torch.nn.functional.linear(
        bench.floats(4, 64), bench.floats(192, 64), bench.floats(192)
    )


def attention(bench: Bench) -> Any:
    """Over a cache of which each query may see a part."""
    bias = bench.floats(2, 1, 3, 32).masked_fill(bench.full(2, 1, 3, 32) > 0.5, -INFINITE)
    return bench.torch.nn.functional.scaled_dot_product_attention(
        bench.floats(2, 2, 3, 64),
        bench.floats(2, 2, 32, 64),
        bench.floats(2, 2, 32, 64),
        attn_mask=bias,
    )


def attention_to_the_past(bench: Bench) -> Any:
    """Of a prompt's tokens to those before them."""
    return bench.torch.nn.functional.scaled_dot_product_attention(
        bench.floats(2, 2, 4, 64),
        bench.floats(2, 2, 4, 64),
        bench.floats(2, 2, 4, 64),
        is_causal=True,
    )


def attention_to_all(bench: Bench) -> Any:
    """The encoder's."""
    return bench.torch.nn.functional.scaled_dot_product_attention(
        bench.floats(2, 2, 50, 64), bench.floats(2, 2, 50, 64), bench.floats(2, 2, 50, 64)
    )


def caches(bench: Bench) -> Any:
    """New keys and values go into their places."""
    cache = bench.floats(8, 16)
    cache.index_copy_(0, bench.whole(1, 6), bench.floats(2, 16))
    cache[bench.whole(0, 5)] = bench.floats(2, 16)
    cache.view(-1).index_fill_(0, bench.whole(3, 4), 0.0)
    rows = bench.whole(1, 1, 0, 2).view(2, 2)
    return cache.view(2, 4, 16).gather(1, rows[:, :, None].expand(2, 2, 16))


def norm(bench: Bench) -> Any:
    """A layer norm over the state."""
    return bench.torch.nn.functional.layer_norm(
        bench.floats(4, 64), (64,), bench.floats(64), bench.floats(64)
    )


def gelu(bench: Bench) -> Any:
    """In place."""
    return bench.torch.ops.aten.gelu_(bench.floats(4, 64))


def convolution(bench: Bench) -> Any:
    """The encoder's second, which halves the frames."""
    return bench.torch.nn.functional.conv1d(
        bench.floats(2, 64, 50), bench.floats(64, 64, 3), bench.floats(64), stride=2, padding=1
    )


def embedding(bench: Bench) -> Any:
    """Of tokens."""
    return bench.torch.nn.functional.embedding(bench.whole(1, 5, 9), bench.floats(64, 64))


def rules(bench: Bench) -> Any:
    """What the rules of tokens and timestamps make of logits."""
    logits = bench.full(4, 1000)
    logits = logits.masked_fill(logits > 2, -INFINITE)
    logprobs = bench.torch.log_softmax(logits, dim=-1)
    times = logprobs[:, 990:].logsumexp(dim=-1, keepdim=True)
    text = logprobs[:, :990].amax(dim=-1, keepdim=True)
    kept = bench.torch.where(times > text, logprobs - times, logprobs)
    return bench.torch.nan_to_num(kept, neginf=-50.0)


def likeliest(bench: Bench) -> Any:
    """The best tokens of each hypothesis, and the best one."""
    best, places = bench.full(4, 1000).topk(6, dim=-1)
    return bench.torch.cat([best, places.float(), bench.full(4, 100).argmax(-1, True).float()], -1)


def chance(bench: Bench) -> Any:
    """Sums of probabilities, in which a token is drawn."""
    return bench.torch.softmax(bench.full(4, 1000), dim=-1).cumsum(dim=-1)


def recurrent(bench: Bench) -> Any:
    """The voice detector's memory, without cuDNN."""
    weights = [bench.full(512, 128), bench.full(512, 128), bench.full(512), bench.full(512)]
    state = (bench.full(1, 3, 128), bench.full(1, 3, 128))
    arguments = (state, weights, True, 1, 0.0, False, False, False)
    return bench.torch.lstm(bench.full(5, 3, 128), *arguments)[0]


def loudness(bench: Bench) -> Any:
    """Of sound: its range, and the peak of the neighbourhood."""
    low, high = bench.full(64, 512).aminmax(dim=1)
    return bench.torch.nn.functional.max_pool1d((high - low)[None], 21, stride=1, padding=10)


def spectrum(bench: Bench) -> Any:
    """Of sound, by a product: mirrored, framed, its powers in decades."""
    mirrored = bench.torch.nn.functional.pad(bench.full(2, 3200), (200, 200), mode="reflect")
    parts = mirrored.unfold(1, 400, 160) @ bench.full(400, 402)
    powers = parts[..., :201].square() + parts[..., 201:].square()
    return powers.clamp_(min=1e-10).log10_()


def recorded(bench: Bench) -> Any:
    """A step that is recorded once and played again with another input (CUDA and HIP graphs)."""
    torch = bench.torch
    weights, given = bench.floats(64, 64), bench.floats(4, 64)
    other = bench.floats(4, 64)
    if bench.device == "cpu":
        return other @ weights
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        given @ weights  # the library's own memory is taken outside of the recording
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = given @ weights
    given.copy_(other)
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
# On a GPU of NVIDIA or AMD alone.
GRAPHS: dict[str, Operation] = {"a recorded step (graph)": recorded}


def operations_of(device: str) -> Iterator[tuple[str, Operation]]:
    """What the engine does on a device: a name for messages, and the function."""
    yield from OPERATIONS.items()
    if device.startswith("cuda"):
        yield from GRAPHS.items()


def error_of(torch: Any, operation: Operation, device: str, *, half: bool) -> float:
    """The largest difference from the CPU's float32, as a part of the largest element.

    What torch raises where the device or the build lacks the operation comes through.
    """
    with torch.inference_mode():
        expected = operation(Bench(torch, "cpu", half=False))
        found = operation(Bench(torch, device, half=half)).float().cpu()
        return float((found - expected).abs().max() / expected.abs().max())
