"""What a post's HTML says as text, to compare it with what its author typed."""

import re
import unicodedata
from collections import Counter
from html.parser import HTMLParser

# How much of what a post shows must be in its source, in runs of so many characters. Markup,
# mentions and shortened links differ; another post's source has hardly any of it.
COMMON_PART = 0.5
# Of a whole text, which part of its letters at least a post shows: markup may show as none.
WHOLE_PART = 0.9
RUN = 5
# A mention, as an author types it and as it is shown: servers drop its host, take the name's own
# spelling, and write a host's other name into the source, once they know who that is.
# https://github.com/mastodon/mastodon/blob/main/app/services/process_mentions_service.rb
MENTION = re.compile(r"(?<![=/\w])@\w+(?:[.-]+\w+)*(?:@\w+(?:[.:-]+\w+)*)?")
# Where numbers are that a post may show otherwise: in a link, a hashtag, before an item of a list.
APART = re.compile(r"https?://\S+|#\w+|^\s*\d+[.)]\s", re.MULTILINE)
NUMBER = re.compile(r"\d+")
# What ends a line, so that a word there does not grow into the next one.
LINES = frozenset({"br", "p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})


class TextOfHtml(HTMLParser):
    """Collects the text between the tags, that of ``links`` too or not."""

    def __init__(self, *, links: bool = True) -> None:
        super().__init__(convert_charrefs=True)
        self._links = links
        self.parts: list[str] = []
        self._left_out = 0  # depth within what the server added

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        if tag in LINES:
            self.handle_data("\n")
        classes = (dict(attrs).get("class") or "").split()
        # "RE: …", which servers put before a post that quotes another:
        # https://github.com/mastodon/mastodon/blob/main/app/lib/text_formatter.rb
        is_left_out = "quote-inline" in classes or (tag == "a" and not self._links)
        if self._left_out or is_left_out:
            self._left_out += tag not in ("br", "img", "wbr", "hr")

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if tag in LINES:
            self.handle_data("\n")
        if self._left_out:
            self._left_out -= tag not in ("br", "img", "wbr", "hr")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._left_out:
            self.parts.append(data)


def text_of_html(html: str, *, links: bool = True) -> str:
    """The text of HTML without its tags, line by line, with that of its ``links`` or not."""
    parser = TextOfHtml(links=links)
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def essence(text: str) -> str:
    """Letters, digits and signs alone, in one form: blanks and lines are the formatter's."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(char for char in normal if not char.isspace() and char.isprintable())


def without_names(text: str) -> str:
    """The text with each mention as a bare "@": one that is lost is still seen."""
    return MENTION.sub("@", text)


def is_shown_by(source: str, html: str) -> bool:
    """Whether the source that an author typed can be that of the HTML that a post shows.

    A server that answers with an empty source, or with one of another post, is found out.
    """
    typed = essence(without_names(source))
    shown = essence(without_names(text_of_html(html)))
    if typed == shown:
        return True
    if not shown:
        return not letters(typed)  # markup alone, which shows nothing
    if letters(shown):
        # Markup is signs, for the most part.
        typed, shown = letters(typed), letters(shown)
    if not typed:
        return False
    size = min(RUN, len(shown), len(typed))
    wanted, there = runs(shown, size), runs(typed, size)
    return (wanted & there).total() >= COMMON_PART * wanted.total()


def is_whole(source: str, html: str) -> bool:
    """Whether a post is what its author typed, from its beginning to its end.

    One that shows a word of it alone, says more beside it, or has other numbers in it is another
    post.
    """
    if numbers(source) != numbers(text_of_html(html, links=False)):
        return False
    typed = len(letters(essence(without_names(source))))
    shown = len(letters(essence(without_names(text_of_html(html)))))
    whole = min(typed, shown) >= WHOLE_PART * max(typed, shown)
    return whole and is_shown_by(source, html)


def numbers(text: str) -> list[str]:
    """The numbers of a text, in order, without those that servers shorten or draw themselves."""
    return NUMBER.findall(APART.sub(" ", without_names(unicodedata.normalize("NFKC", text))))


def letters(text: str) -> str:
    """Letters and digits alone."""
    return "".join(filter(str.isalnum, text))


def runs(text: str, size: int) -> Counter[str]:
    """All runs of so many characters."""
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))


def says(description: str | None, text: str) -> bool:
    """Whether a description is this text; servers may tidy up its blanks."""
    return (description or "").split() == text.split()
