"""What models answer instead of a description, on request."""

from typing import assert_never

from sandbox.control.faults import Answer
from sandbox.vision.chat import FinishReason

REFUSAL = "I'm sorry, but I can't help with describing this image."


def misbehaved(answer: Answer, text: str, prompt: str) -> tuple[str, FinishReason]:
    """What is said in place of ``text`` to somebody who asked for it with ``prompt``, and how
    it ends."""
    match answer:
        case "empty" | "redirect":  # a redirect has no text
            return "", "stop"
        case "content_filter":
            return "", "content_filter"
        case "refusal":
            return REFUSAL, "stop"
        case "prompt":
            return f"{prompt}\n\n{text}", "stop"
        case "thoughts":
            return f"<think>The user wants a description. I see: {text}", "stop"
        case "late_thoughts":
            return f"The user wants a description.\n</think>\n\n{text}", "stop"
        case "loop":
            return f"{text} " + "There is a small area. " * 40, "length"
        case "markdown":
            return f"## Alt text\n\n**{text}**\n\nLet me know if you need more!", "stop"
        case "cut":
            return f"{text} And further to the", "length"
        case "bidi":
            return f"\u202e{text}\u202c\u2067\u200f\u2069", "stop"
        case "invisible":
            return "\u200b\u2060\ufeff\u3164", "stop"
        case "dict":
            return str({"alt_text": text}), "stop"
        case _:
            assert_never(answer)
