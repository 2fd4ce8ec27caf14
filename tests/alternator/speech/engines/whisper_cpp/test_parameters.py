"""A request's options as whisper.cpp calls them, and what it has not."""

import dataclasses

import pytest

from alternator.errors import UnsupportedError
from alternator.speech.engines.whisper_cpp.parameters import CAN, parameters
from alternator.speech.options import DecodingOptions

OPTIONS = DecodingOptions()


def told(**changes: object) -> dict[str, object]:
    return parameters(dataclasses.replace(OPTIONS, **changes))  # type: ignore[arg-type]


def test_the_defaults_are_openai_whispers() -> None:
    assert told() == {
        "language": "",
        "translate": False,
        "initial_prompt": "",
        "carry_initial_prompt": False,
        "no_context": True,
        "n_max_text_ctx": 16384,
        "temperature": 0.0,
        "temperature_inc": pytest.approx(0.2),
        "greedy": {"best_of": 5},
        "beam_search": {"beam_size": 5, "patience": -1.0},
        "length_penalty": -1.0,
        "suppress_nst": True,
        "no_timestamps": False,
        "logprob_thold": -1.0,
        "no_speech_thold": 0.6,
        "token_timestamps": False,
    }
    assert set(CAN) <= {field.name for field in dataclasses.fields(OPTIONS)}


def test_each_option_has_its_parameter() -> None:
    found = told(
        language="German",
        task="translate",
        condition_on_previous_text=False,
        temperature=(0.4,),
        suppress_tokens=(),
        logprob_threshold=None,
        no_speech_threshold=None,
        length_penalty=0.5,
    )
    assert (found["language"], found["translate"], found["n_max_text_ctx"]) == ("de", True, 0)
    assert (found["temperature"], found["temperature_inc"]) == (0.4, 0.0)
    assert (found["suppress_nst"], found["length_penalty"]) == (False, 0.5)
    assert found["logprob_thold"] == -1e9 and found["no_speech_thold"] == 2.0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hotwords": "a"}, "has no hotwords"),
        ({"patience": 2.0}, "has no patience"),
        ({"compression_ratio_threshold": None}, "has no compression_ratio_threshold"),
        ({"vad": True}, "has no vad=True"),
        ({"suppress_tokens": (1, 2)}, "has no suppress_tokens but -1 or none"),
        ({"temperature": (0.0, 0.2, 0.5)}, "has no temperatures but equal steps up to 1"),
        ({"temperature": (0.0, 0.2)}, "has no temperatures but equal steps up to 1"),
        ({"initial_prompt": "a", "condition_on_previous_text": False}, "has no initial_prompt"),
    ],
)
def test_what_it_has_not_is_refused(changes: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        told(**changes)
