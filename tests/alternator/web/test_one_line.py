from alternator.web.one_line import one_line


def test_foreign_text_stands_on_one_line() -> None:
    assert one_line(" a\r\n\tb\u2028c\u200b ", 100) == "a b c"
    assert one_line("a\nb\u202e\x1b[31m", 100) == "a b [31m"


def test_foreign_text_is_short() -> None:
    assert one_line("x" * 200, 200) == "x" * 200
    assert one_line("x" * 5000, 200) == "x" * 199 + "…"
