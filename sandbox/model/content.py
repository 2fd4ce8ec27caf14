"""Plain text as the HTML of ``content``: paragraphs, line breaks, links and hashtags.

https://github.com/mastodon/mastodon/blob/v4.4.8/app/lib/text_formatter.rb, which also shortens the
links that are shown and marks up mentions.
"""

import html
import re

LINK = re.compile(r"https?://[^\s<>\"]+")
HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")


MENTION = re.compile(r"(?<![\w/])@(\w+)(?:@[\w.:-]+\w)?")


def mentioned(text: str) -> list[str]:
    """The names that a text mentions, without their ``@`` and their server, each once.

    https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/account.rb (MENTION_RE)
    """
    return list(dict.fromkeys(name.lower() for name in MENTION.findall(LINK.sub("", text))))


def hashtags(text: str) -> list[str]:
    """The hashtags of a text without their ``#``, as typed; those inside of links are none."""
    return HASHTAG.findall(LINK.sub("", text))


def content_html(text: str, base_url: str) -> str:
    """A text as HTML; links to hashtags start with ``base_url``."""
    if not text:
        return ""
    paragraphs = re.split(r"\n{2,}", text.replace("\r\n", "\n").strip())
    return "".join(f"<p>{inline_html(p, base_url)}</p>" for p in paragraphs)


def inline_html(text: str, base_url: str) -> str:
    """One paragraph: links and hashtags marked up, the rest escaped."""
    parts: list[str] = []
    end = 0
    for match in LINK.finditer(text):
        parts.append(words_html(text[end : match.start()], base_url))
        link = html.escape(match.group())
        parts.append(f'<a href="{link}" target="_blank" rel="nofollow noopener">{link}</a>')
        end = match.end()
    parts.append(words_html(text[end:], base_url))
    return "".join(parts)


def words_html(text: str, base_url: str) -> str:
    """Text without links: escaped, with hashtags and line breaks."""
    escaped = html.escape(text).replace("\n", "<br />")
    return HASHTAG.sub(
        lambda match: (
            f'<a href="{base_url}/tags/{match[1].lower()}" class="mention hashtag" rel="tag">'
            f"#<span>{match[1]}</span></a>"
        ),
        escaped,
    )
