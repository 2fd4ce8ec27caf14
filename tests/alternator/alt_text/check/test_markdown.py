import pytest

from alternator.alt_text.check.markdown import plain


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# House\n\nRed.", "House\n\nRed."),
        ("House:\n## Roof\nRed.", "House:\nRoof\nRed."),
        ("A **red** house", "A red house"),
        ("A ***red*** *house*", "A red house"),
        ("__A red house__ and _The Old Man_", "A red house and The Old Man"),
        ("~~old house~~ new", "old house new"),
        ("A [house](https://example.org/a_b) here", "A house here"),
        ("![A house](x.png)", "A house"),
        ("See <https://example.org>", "See https://example.org"),
        ("- a\n- b", "a\nb"),
        ("* **Roof:** red\n* **Door:** blue", "Roof: red\nDoor: blue"),
        ("• a\n  • b", "a\n  b"),
        ("> A house\n> by a lake", "A house\nby a lake"),
        ("A house\n\n---\n\nRed", "A house\n\n\nRed"),
        ("Code:\n```python\nx = 1\n```", "Code:\nx = 1\n"),
        ("The button `OK`", "The button OK"),
        ("| a | b |\n|:--|--:|\n| 1 | 2 |", "a, b\n1, 2"),
    ],
)
def test_signs_go_and_words_stay(text: str, words: str) -> None:
    assert plain(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "f**k you a**hole",
        "2 * 3 * 4, 5*, 4*",
        "__init__ and snake_case_name and _private",
        "`def f(*args)` and `a_b` and `<p>`",
        "A screen:\n# a comment\nx = 1",
        "- 5 °C",
        "a | b",
        "#hashtag @name",
        "[x] done, array[0](1)",
        "1. Milk\n2. Bread",
        "– Hello\n– Hi",
        "Password: ****\n****",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert plain(text) == text
