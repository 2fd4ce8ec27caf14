"""Whether a directory's tokenizer is Whisper's: the engines know no other.

Where Whisper's special tokens are: https://github.com/openai/whisper/blob/v20250625/whisper/tokenizer.py
(get_encoding); whose files hold them: Hugging Face's tokenizer.json, vocab.json and
added_tokens.json, CTranslate2's vocabulary.json and vocabulary.txt.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from alternator.errors import ModelError
from alternator.models.dimensions import VOCABULARIES
from alternator.models.forms.facts import MOST_BYTES, facts_in

# Their place in the vocabulary, by the vocabulary's size (all of it is tokens up to <|30.00|>).
END, START, FIRST_TIME = "<|endoftext|>", "<|startoftranscript|>", "<|0.00|>"
TIMES = 1501  # <|0.00|> to <|30.00|>
# Two words that tell Whisper's two vocabularies of words from all others, by their number.
FROM_WORDS = {"multilingual": {"Ġthe": 264, "Ġof": 295}, "English": {"Ġthe": 262, "Ġof": 286}}


def check_vocabulary(directory: Path, n_vocab: int) -> int:
    """How many tokens of the model's vocabulary are Whisper's: those after them are never used.

    ModelError where the tokenizer beside the model is another, or the number is not Whisper's.
    """
    numbers = dict(found_tokens(directory))
    if not numbers:
        if n_vocab in VOCABULARIES:
            return n_vocab
        raise ModelError(
            f"{directory} has a vocabulary of {n_vocab} tokens, and no tokenizer that says which; "
            f"Whisper's have {', '.join(map(str, VOCABULARIES))}"
        )
    # Its own size first: a tokenizer may name too little to tell two of them apart.
    for size in sorted(VOCABULARIES, key=lambda size: size != n_vocab):
        if size <= n_vocab and is_whispers(numbers, size):
            return size
    raise ModelError(
        f"the tokenizer in {directory} is not Whisper's, which is the only one that the engines "
        f"know: its {START} is {numbers.get(START, 'missing')}"
    )


def is_whispers(numbers: dict[str, int], size: int) -> bool:
    """Whether these tokens are where Whisper's vocabulary of that size has them."""
    english = size == min(VOCABULARIES)
    end = 50256 if english else 50257
    expected = {END: end, START: end + 1}
    if FIRST_TIME in numbers:
        expected[FIRST_TIME] = size - TIMES
    elif "<|notimestamps|>" in numbers:
        expected["<|notimestamps|>"] = size - TIMES - 1
    words = FROM_WORDS["English" if english else "multilingual"]
    expected |= {word: number for word, number in words.items() if word in numbers}
    return all(numbers.get(token) == number for token, number in expected.items())


def found_tokens(directory: Path) -> Iterator[tuple[str, int]]:
    """Every token that the directory's files name, with its number; none where there are none."""
    listed = directory / "vocabulary.json"
    if listed.is_file():
        yield from numbered(tokens_in(listed))
    elif (lines := directory / "vocabulary.txt").is_file():
        yield from numbered(lines.read_text(encoding="utf-8", errors="replace").split("\n"))
    whole = facts_in(directory / "tokenizer.json")
    model = whole.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(vocabulary, dict):
        yield from numbers_of(vocabulary)
    added = whole.get("added_tokens")
    for entry in added if isinstance(added, list) else ():
        if isinstance(entry, dict):
            yield from numbers_of({entry.get("content"): entry.get("id")})
    for name in ("vocab.json", "added_tokens.json"):
        yield from numbers_of(dict(facts_in(directory / name)))


def tokens_in(path: Path) -> list[object]:
    """The list in CTranslate2's vocabulary. ModelError if it can't be read."""
    try:
        listed = json.loads(path.read_bytes()) if path.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise ModelError(f"{path} is no list of tokens, or not whole; copy the model again")
    return listed


def numbered(tokens: list[object] | list[str]) -> Iterator[tuple[str, int]]:
    """Tokens of a list, each with its place in it."""
    return ((token, place) for place, token in enumerate(tokens) if isinstance(token, str))


def numbers_of(vocabulary: dict[object, object] | dict[str, object]) -> Iterator[tuple[str, int]]:
    """What of a mapping is tokens and numbers."""
    for token, number in vocabulary.items():
        if isinstance(token, str) and isinstance(number, int):
            yield token, number
