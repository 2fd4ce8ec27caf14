"""What stands about a model in JSON files beside its weights."""

import json
from collections.abc import Mapping
from pathlib import Path

from alternator.errors import ModelError

MOST_BYTES = 64 * 1024 * 1024  # of one such file; a tokenizer takes four


def facts_in(path: Path) -> Mapping[str, object]:
    """The object in a JSON file, empty where there is no file. ModelError if it can't be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelError(f"{path} is too large for what it should hold; copy the model again")
        found: object = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}; make it readable") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{path} is no JSON, or not whole; copy the model again") from None
    if not isinstance(found, dict):
        raise ModelError(f"{path} does not hold what it should; copy the model again")
    return found


def alignment_heads_in(facts: Mapping[str, object]) -> tuple[tuple[int, int], ...] | None:
    """(layer, head) of the decoder whose attention follows the sound, None where nobody says."""
    listed = facts.get("alignment_heads")
    if not isinstance(listed, list) or not listed:
        return None
    heads = [tuple(pair) for pair in listed if isinstance(pair, list) and len(pair) == 2]
    numbers = [(a, b) for a, b in heads if isinstance(a, int) and isinstance(b, int)]
    return tuple(numbers) if len(numbers) == len(listed) else None
