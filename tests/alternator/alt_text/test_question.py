import pytest

from alternator.alt_text.check.answer import Asked
from alternator.alt_text.completion import Completion, Content
from alternator.alt_text.language.detect import Detector
from alternator.alt_text.question import Question, Tongue, question_of, tokens_of

TONGUE = Tongue(language="de", again="Auf Deutsch.", detector=Detector())
PICTURES = [b"\xff\xd8one", b"\x89PNG\r\n\x1a\ntwo"]


def texts(content: Content) -> list[str]:
    assert isinstance(content, list)
    return [part["text"] if part["type"] == "text" else "picture" for part in content]


def test_what_the_post_says_goes_first_and_is_no_part_of_what_was_asked():
    question = question_of(PICTURES, "Describe it.", 'It says: "x"\n\n', TONGUE)
    assert texts(question.content) == ['It says: "x"\n\nDescribe it.', "picture", "picture"]
    assert question.asked == Asked(instruction="Describe it.")
    assert texts(question.form(short=True, again=False)) == texts(question.content)[:2]
    assert texts(question.form(short=False, again=True))[-1] == "Auf Deutsch."
    assert texts(question.form(short=True, again=True))[1:] == ["picture", "Auf Deutsch."]


def test_without_a_language_nothing_is_said_again():
    question = question_of(PICTURES[:1], "Describe it.", "", None)
    assert question.form(short=True, again=True) == question.content
    assert question.foreign("A red house beside a lake, and a boat that lies on it.") is None


def test_a_text_may_be_asked_for_again_too():
    question = Question(content="Shorten.", asked=Asked(instruction="Shorten."), tongue=TONGUE)
    assert question.form(short=False, again=True) == "Shorten.\n\nAuf Deutsch."


@pytest.mark.parametrize(
    ("usage", "cost"), [(37, 37), (None, 4 + 2 * 1100 + 500)], ids=["counted", "not counted"]
)
def test_what_it_cost_is_the_endpoints_count_where_it_has_one(usage: int | None, cost: int):
    question = question_of(PICTURES, "Describe it.", "", None)
    completion = Completion(text="A house.", tokens=usage)
    assert tokens_of(completion, question.content, 500) == cost
    if usage is None:
        assert tokens_of(completion, "x" * 300, 500) == 600
