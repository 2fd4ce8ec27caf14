import pytest

from alternator.mastodon.plain import essence, is_shown_by, is_whole, text_of_html

MENTION = (
    '<p><span class="h-card"><a href="https://b.example/@lee">@<span>lee</span></a></span> look: '
    '<a href="https://example.org/a_b?c=d"><span class="invisible">https://</span>'
    '<span class="ellipsis">example.org/a_b</span><span class="invisible">?c=d</span></a> '
    '<a href="/tags/rain">#<span>rain</span></a> &amp; &lt;b&gt;</p>'
)
MENTION_ALONE = '<p><a href="https://b.example/@lee">@<span>lee</span></a> {}</p>'
LIST = "<p>On the pier, seen from above:</p><ol><li>A boat in red</li><li>2 cats</li></ol>"
LONG = "A long afternoon at the harbour, with boats, gulls and a very patient dog. "
OTHER = "Yesterday the trains were late again and nobody at the station could say why. "


def test_tags_are_left_out_and_characters_are_read():
    assert text_of_html("<p>a&nbsp;<br>b</p><p>&lt;c&gt;</p>") == "\na\xa0\nb\n\n<c>\n"
    assert text_of_html("<p>un") == "\nun"


def test_what_a_server_puts_before_a_quote_is_no_text_of_the_author():
    html = '<p class="quote-inline">RE: <a href="x">https://x.example/1</a><br></p><p>Look</p>'
    assert text_of_html(html).strip() == "Look"


def test_blanks_and_forms_of_a_letter_do_not_count():
    assert essence(" e\u0301\n\u200b x") == essence("\u00e9x")


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("", ""),
        ("Look", "<p>Look</p>"),
        ("a\n\nb  c", "<p>a</p><p>b c</p>"),
        ("@lee@b.example look: https://example.org/a_b?c=d #rain & <b>", MENTION),
        ("**Bold** and [a link](https://example.org/very/long/address)", "<p>Bold and a link</p>"),
        ("<p>Look</p>", "<p>Look</p>"),
        ("犬が**走る**", "<p>犬が<b>走る</b></p>"),
        ("** **", ""),
        ("@lee@a.very.long.host.example yes", MENTION_ALONE.format("yes")),
        ("@Lee@b.example: I agree!", MENTION_ALONE.format(": I agree!")),
        ("@lee@b.example", MENTION_ALONE.format("")),
        (LONG * 20 + "with a typo", f"<p>{LONG * 20}with a tpyo</p>"),
    ],
)
def test_a_source_and_what_it_shows_belong_together(typed: str, html: str):
    assert is_shown_by(typed, html)


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("", "<p>Look</p>"),
        (" \n", "<p>Look</p>"),
        ("Another post", "<p>Look</p>"),
        ("Another post", ""),
        (OTHER, f"<p>{LONG}</p>"),
        (OTHER * 20, f"<p>{LONG}</p>"),
        ("x", f"<p>{LONG}</p>"),
        ("@lee@b.example no", MENTION_ALONE.format("yes")),
        ("@lee@b.example", MENTION_ALONE.format("yes")),
        ("猫が寝る", "<p>犬が走った</p>"),
    ],
)
def test_a_source_of_something_else_is_found_out(typed: str, html: str):
    assert not is_shown_by(typed, html)


def test_a_long_text_takes_no_time():
    assert not is_shown_by(OTHER * 2000, f"<p>{LONG * 2000}</p>")


def test_a_post_is_whole_from_its_beginning_to_its_end():
    words = "A red boat on the **water**, seen from above. #boats"
    html = "<p>A red boat on the <b>water</b>, seen from above. <a>#boats</a></p>"
    assert is_whole(words, html)
    assert not is_whole(words, "<p>boat</p>")
    assert not is_whole(words, f"{html}<p>And there is something that I say about it.</p>")
    assert not is_whole(words, "")
    assert not is_whole("A cat that sleeps on a roof, seen from below. #cats", html)


@pytest.mark.parametrize(
    "html",
    [
        '<p>{} <a href="https://b.example/@lee/11">https://b.example/@lee/11</a></p>',
        '<p>{} <a href="https://b.example/@lee/11">b.example/@lee/1…</a></p>',
        "<p>{} https://b.example/@lee/11</p>",
    ],
)
def test_a_post_with_another_number_is_another_post(html: str):
    """One draft's message differs from another's by its number and a link alone."""
    words = "Draft 2 for your post, of which there is so much to say that a number is little of it:"
    assert is_whole(f"{words} https://b.example/@lee/11", html.format(words))
    assert not is_whole(f"{words} https://b.example/@lee/11", html.format(words.replace("2", "3")))


def test_a_number_that_a_server_draws_itself_does_not_count():
    words = "On the pier, seen from above:\n1. A boat in red\n2. "
    assert is_whole(f"{words}2 cats", LIST)
    assert not is_whole(f"{words}5 cats", LIST)
