from typing import Any

import pytest

from alternator.alt_text.completion import Completion, parse_completion


def completion(content: Any, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, "finish_reason": "stop"} | choice]}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (completion("  A house.\n"), "A house."),
        (completion([{"type": "text", "text": "A house."}]), "A house."),
        (
            completion([{"type": "text", "text": "A "}, 5, {"type": "text", "text": "house."}]),
            "A house.",
        ),
        (completion("<think>Is it a house?\nYes.</think>\nA house."), "A house."),
        (completion(None), ""),
        (completion(5), ""),
        (completion("<think>Hm.</think>"), ""),
    ],
)
def test_answers_come_in_several_forms(document: Any, text: str):
    assert parse_completion(document) == Completion(text=text)


@pytest.mark.parametrize(
    "document",
    [
        completion("A house.", finish_reason="content_filter"),
        {"choices": [{"message": {"content": "A house.", "refusal": "I won't"}}]},
    ],
)
def test_a_refusal_is_told(document: Any):
    assert parse_completion(document) == Completion(text="A house.", refused=True)


def test_what_went_wrong_at_the_provider_is_told():
    document = {"error": {"code": 502, "message": "Provider returned error"}}
    assert parse_completion(document) == Completion(text="", failed=True)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"choices": []},
        {"choices": {}},
        {"choices": [1]},
        {"choices": [{"message": "A house."}]},
        [],
        None,
        "text",
    ],
)
def test_what_is_no_completion_is_told(document: Any):
    with pytest.raises(ValueError, match="no completion"):
        parse_completion(document)
