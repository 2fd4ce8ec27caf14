"""What an operator can configure of the descriptions themselves: ``[descriptions]``."""

from dataclasses import dataclass, field
from pathlib import Path

from alternator.config.values import key


@dataclass(frozen=True, kw_only=True)
class DescriptionSettings:
    """``[descriptions]``: how long they are, in which words, and what models are told."""

    description_limit: int = field(
        default=0,
        metadata=key(
            "Longest description in characters, its last line with the model's name included; "
            "never above the server's own limit. 0: that one.",
            minimum=0,
            maximum=100_000,
        ),
    )
    length: int = field(
        default=0,
        metadata=key(
            "How many characters a model is asked for at most. 0: as many as there is room for.",
            minimum=0,
            maximum=100_000,
        ),
    )
    language: str | None = field(
        default=None,
        metadata=key(
            "Language of all descriptions (`en`, `de`, ...); what is said stays in its own. "
            "Default: each post's own."
        ),
    )
    style: str | None = field(
        default=None,
        metadata=key("What else models are told of the style, in your own words, in any language."),
    )
    names: tuple[str, ...] = field(
        default=(),
        metadata=key(
            "Names that may occur in pictures, as they are spelled; models are told of them."
        ),
    )
    prompts_file: Path | None = field(
        default=None,
        metadata=key(
            "A TOML file with texts in place of those of `alternator/alt_text/prompts.toml`, by "
            "language and name as there."
        ),
    )
    use_post_text: bool = field(
        default=False,
        metadata=key(
            "Tell the model what the post itself says, so that it understands the picture better. "
            "Its text then goes to the endpoint."
        ),
    )
    check_language: bool = field(
        default=True,
        metadata=key(
            "A model that answers in another language than the post's is asked once more, then "
            "the next one."
        ),
    )
    transcripts_directory: Path | None = field(
        default=None,
        metadata=key(
            "Directory for full transcripts, a text file for each attachment. Default: none is "
            "kept."
        ),
    )
