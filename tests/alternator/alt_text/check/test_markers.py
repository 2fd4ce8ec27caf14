import pytest

from alternator.alt_text.check.fault import Fault
from alternator.alt_text.check.markers import without_markers


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("<think>Hm.</think>A house.", "A house."),
        ("<THINK>Hm.</THINK>A house.", "A house."),
        ("Hm.</think>A house.", "A house."),
        ("a</think>b</think>A house.", "A house."),
        ("<think>a<think>b</think>c</think>A house.", "A house."),
        (
            "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>A house.<|END_RESPONSE|>",
            "A house.",
        ),
        ("<unused94>thought\nHm.<unused95>A house.", "A house."),
        ("<think>Hm.", Fault.THOUGHTS),
        ("A house.<think>", Fault.THOUGHTS),
        ("<|channel|>commentary<|message|>Hm.", Fault.THOUGHTS),
        ("<|channel|>final<|message|>A house.", "A house."),
        ("A house.<|im_end|>\n<|im_start|>user\nMore!", "A house."),
        ("A house.<｜end▁of▁sentence｜>", "A house."),
        ("[/INST] A house.</s>", "A house."),
        ("### Assistant: A house.\n### Human: More!", "A house."),
        ("A house.<image><loc0012>", "A house."),
        ("A house【4†source】.", "A house."),
        ("A sign: <s>10 €</s> 5 €", "A sign: <s>10 €</s> 5 €"),
        ("A house.", "A house."),
    ],
)
def test_the_protocol_goes(answer: str, text: str | Fault) -> None:
    assert without_markers(answer) == text
