"""Plain text as HTML."""

import pytest

from sandbox.model.content import content_html, hashtags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("one\ntwo\n\nthree", "<p>one<br />two</p><p>three</p>"),
        ("<b> & 'x'", "<p>&lt;b&gt; &amp; &#x27;x&#x27;</p>"),
        (
            "see https://a.example/?x=1&y=2 now",
            '<p>see <a href="https://a.example/?x=1&amp;y=2" target="_blank" '
            'rel="nofollow noopener">https://a.example/?x=1&amp;y=2</a> now</p>',
        ),
        (
            "#Über",
            '<p><a href="http://s/tags/über" class="mention hashtag" rel="tag">'
            "#<span>Über</span></a></p>",
        ),
        ("#1 is no tag", "<p>#1 is no tag</p>"),
    ],
    ids=["empty", "paragraphs", "escaping", "link", "hashtag", "number"],
)
def test_content(text, expected):
    assert content_html(text, "http://s") == expected


def test_hashtags_inside_of_links_are_none():
    assert hashtags("#One https://a.example/#two #Drei") == ["One", "Drei"]
