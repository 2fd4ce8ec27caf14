"""In which words models are asked about one post, and in which their answers are published."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from alternator.alt_text.check.characters import visible
from alternator.alt_text.prompts import Name, Texts, nearest, serving, table_with
from alternator.alt_text.shorten import cut_at_word
from alternator.config.descriptions import DescriptionSettings
from alternator.errors import ConfigError
from alternator.mastodon.plain import MENTION

# Of a post: what it is about stands at its beginning.
MOST_OF_POST = 500
LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
MOST_NAMES = 100
MOST_OF_STYLE = 2000


@dataclass(frozen=True, kw_only=True)
class Words:
    """The texts in one language. ``length``: the most characters that a model is asked for, 0 for
    as many as there is room for. ``before`` goes before each instruction about a picture, so that
    ours comes last: it quotes the post, of which a model is to take no orders. ``after`` is the
    operator's part of it; ``again`` goes after an instruction whose answer came in another
    language, None where the language does not matter."""

    language: str
    texts: Texts
    length: int = 0
    before: str = ""
    after: str = ""
    again: str | None = None

    def text(self, name: Name, **values: object) -> str:
        """A text with its placeholders filled in."""
        return self.texts[self.language][name].format(**values)

    def instruction(self, name: Name, room: int) -> str:
        """What a model is told about a picture for whose text there are so many characters."""
        limit = min(room, self.length) if self.length else room
        return f"{self.text(name, limit=limit)}{self.after}"

    def longest(self, name: Name, models: Sequence[str]) -> str:
        """The longest of the texts that name one of these models as ``{model}``."""
        return max((self.text(name, model=model) for model in models), key=len)


class Wording:
    """The words of one configuration. ConfigError if its language or its file of prompts can't be
    used."""

    def __init__(self, settings: DescriptionSettings) -> None:
        self._settings = settings
        self._texts = table_with(settings.prompts_file)
        if settings.language is not None and serving(settings.language) is None:
            raise ConfigError(
                f"[descriptions] language {settings.language!r} is none that there are texts in; "
                f"there are {', '.join(sorted(self._texts))}"
            )

    def of(self, language: str | None, says: str = "") -> Words:
        """The words for a post in a language that says this, as plain text.

        ``language``: an ISO 639 code such as ``pt-BR``; None where it is not known. One that is
        configured goes before it.
        """
        settings = self._settings
        served = nearest(settings.language or language)
        texts = self._texts[served]
        after = ""
        if settings.style:
            after += " " + visible(settings.style)[:MOST_OF_STYLE].strip()
        if settings.names:
            names = ", ".join(visible(name).strip() for name in settings.names[:MOST_NAMES])
            after += " " + texts["names"].format(names=names)
        said = quoted(says) if settings.use_post_text else ""
        return Words(
            language=served,
            texts=self._texts,
            length=settings.length,
            before=f"{texts['context']}\n{said}\n\n" if said else "",
            after=after,
            again=texts["again"] if settings.check_language else None,
        )


def quoted(says: str) -> str:
    """A post's text as one line in quotation marks that it can't end, '' if there is none.

    Links say nothing, and whom it mentions concerns nobody else.
    """
    text = " ".join(MENTION.sub(" ", LINK.sub(" ", visible(says))).split())
    text = cut_at_word(text, MOST_OF_POST)
    # JSON's quotation: models know it, and neither a line nor a mark in it ends it.
    return json.dumps(text, ensure_ascii=False) if any(map(str.isalpha, text)) else ""
