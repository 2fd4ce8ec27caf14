import pytest

from alternator.alt_text.check.fault import Fault
from alternator.alt_text.check.wrapping import unfenced, unquoted, unwrapped, without_tags


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ('{"alt": "A house."}', "A house."),
        ('{"Alt-Text": "A \\"house\\"."}', 'A "house".'),
        ('{"alt": "A house.", "language": "en"}', "A house."),
        ("{'alt_text': \"It's a house.\"}", "It's a house."),
        ('[{"description": "A house."}]', "A house."),
        ('"A house."', '"A house."'),
        ('{"alt": "A house.", "description": "A red house."}', Fault.DATA),
        ('{"alt": 5}', Fault.DATA),
        ('{"house": "red"}', Fault.DATA),
        ('{"alt": "A house', Fault.DATA),
        ("{'alt': 'A house', 'score': 1}", Fault.DATA),
        ('{"a":' * 5000, Fault.DATA),
        ('["Exit"] is a sign', '["Exit"] is a sign'),
        ("<answer>A house.</answer>", "A house."),
        ('<p class="alt">A house.</p>', "A house."),
        ("<img alt='A house.' src=x>", "A house."),
        ("\\boxed{A house.}", "A house."),
    ],
)
def test_what_holds_the_whole_answer_is_opened(answer: str, text: str | Fault) -> None:
    assert unwrapped(answer) == text


def test_a_fence_around_all_of_it_is_opened() -> None:
    assert unfenced("```markdown\nA house.\n\nRed.\n```") == "A house.\n\nRed."
    assert unfenced("Code:\n```\nx\n```") == "Code:\n```\nx\n```"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("A <b>red</b> house<br>by a lake", "A red house\nby a lake"),
        ("Tom &amp; Jerry&#39;s &lt;3", "Tom & Jerry's <3"),
        ("The code <div>Hi</div> and <b>", "The code <div>Hi</div> and <b>"),
        ('A slide with "&nbsp;" and "<b>"', 'A slide with "&nbsp;" and "<b>"'),
        ("2 < 3 and 4 > 1", "2 < 3 and 4 > 1"),
    ],
)
def test_tags_that_dress_a_text_go_and_code_stays(text: str, plain: str) -> None:
    assert without_tags(text) == plain


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ('"A house."', "A house."),
        ("“A house.”", "A house."),
        ("„Ein Haus.“", "Ein Haus."),
        ("« Une maison. »", "Une maison."),
        ("「家。」", "家。"),
        ("‘It’s a house.’", "It’s a house."),
        ("'It's a house.'", "It's a house."),
        ('"Stop" and "Go"', '"Stop" and "Go"'),
        ("“Stop” and “Go”", "“Stop” and “Go”"),
        ('"Stop', '"Stop'),
        ('""', '""'),
    ],
)
def test_quotation_marks_around_all_of_it_go(text: str, inner: str) -> None:
    assert unquoted(text) == inner
