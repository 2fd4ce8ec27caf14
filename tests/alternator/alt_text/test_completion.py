from typing import Any

import pytest

from alternator.alt_text.completion import Completion, parse_completion, reason_of


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
        (
            completion([{"type": "thinking", "text": "Hm."}, {"type": "text", "text": "A house."}]),
            "A house.",
        ),
        (completion("<think>Hm.</think>A house."), "<think>Hm.</think>A house."),  # checked later
        (completion(None), ""),
        (completion(5), ""),
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


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"error": {"code": 429, "message": "Provider returned error"}}, 429),
        ({"error": {"code": "overloaded"}}, 502),
        ({"error": "boom"}, 502),
        ({"error": {"code": 7}}, 502),
        (completion("A ho", finish_reason="error"), 502),
        (completion("A ho", error={"code": 503}), 503),
    ],
)
def test_what_went_wrong_at_the_provider_is_told(document: Any, status: int):
    assert parse_completion(document) == Completion(text="", failed=status)


def test_an_answer_that_the_limit_cut_off_is_told():
    document = completion("A house besi", finish_reason="length")
    assert parse_completion(document) == Completion(text="A house besi", cut=True)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"error": {"message": "At most 1 image"}}, "At most 1 image"),
        ({"error": "no"}, "no"),
        ({"error": {"message": 5}}, ""),
        ([], ""),
    ],
)
def test_an_error_gives_its_reason(document: Any, reason: str):
    assert reason_of(document) == reason


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


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}, 1000),
        ({"prompt_tokens": 900, "completion_tokens": 100}, 1000),
        ({"prompt_tokens": 900}, None),
        ({"total_tokens": 0}, None),
        ({"total_tokens": True}, None),
        ({"total_tokens": "1000"}, None),
        ({"total_tokens": -5}, None),
        ([], None),
        (None, None),
    ],
)
def test_what_an_answer_cost_is_what_the_endpoint_counts(usage: object, tokens: int | None):
    document = {"choices": [{"message": {"content": "A house."}}], "usage": usage}
    assert parse_completion(document).tokens == tokens
