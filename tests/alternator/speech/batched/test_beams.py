"""The walk through what beams offer, against openai-whisper's own."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.decoding import BeamSearchDecoder

from alternator.speech.batched.beams import FinishedBeams, next_beams, offered

END = 40
CPU = torch.device("cpu")


class Sources:
    """Remembers from which rows the beams go on."""

    def rearrange_kv_cache(self, source_indices) -> None:
        self.rows = list(source_indices)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 5),
    patience=st.sampled_from([0.5, 1.0, 1.6, 2.0]),
    steps=st.integers(1, 8),
    seed=st.integers(0, 10_000),
    end_bias=st.sampled_from([-3.0, 0.0, 2.0, 5.0]),
)
def test_beams_go_on_as_openai_whispers(rows, patience, steps, seed, end_bias):
    most = round(rows * patience)
    if most < 1:
        return
    sources = Sources()
    theirs = BeamSearchDecoder(rows, END, sources, patience)
    tokens, sums = torch.zeros(rows, 1, dtype=torch.int64), torch.zeros(rows)
    finished = FinishedBeams(2, most, CPU)
    finished.begin(1, most)
    ours = torch.full((2, rows), -torch.inf)
    ours[:, 0] = 0
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        logits = torch.randn(rows, 60, generator=generator) * 2
        logits[:, END] += end_bias if step else -torch.inf
        if step == 0:
            logits = logits[:1].expand(rows, -1)  # All beams begin alike.
        tokens, complete = theirs.update(tokens, logits, sums)
        offers = offered(torch.log_softmax(logits, dim=-1).expand(2, -1, -1), ours)
        beams, ended = next_beams(offers, END, rows)
        done = finished.keep(offers, ended, torch.tensor([step, step]))
        assert beams.tokens[1].tolist() == tokens[:, -1].tolist()
        torch.testing.assert_close(beams.sums[1], sums)
        if step:
            assert beams.parents[1].tolist() == sources.rows
        assert bool(done[1]) == complete
        ours = beams.sums
        right = [list(sequence) for sequence in theirs.finished_sequences[0]]
        found = finished.read(1)
        assert [len(sequence) - 2 for sequence in right] == [at for at, *_ in found]
        totals = list(theirs.finished_sequences[0].values())
        torch.testing.assert_close(torch.tensor([one[3] for one in found]), torch.tensor(totals))
        if complete:
            return


def test_an_end_that_cannot_be_chosen_is_none():
    logprobs = torch.full((1, 2, 60), -torch.inf)
    logprobs[..., 7] = 0.0
    offers = offered(logprobs, torch.tensor([[-1.0, -2.0]]))
    beams, ended = next_beams(offers, END, 2)
    assert not ended.any()
    assert beams.tokens[0].tolist() == [7, 7]
    assert beams.parents[0].tolist() == [0, 1]
