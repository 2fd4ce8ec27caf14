"""Answers as models really give them: what becomes of each."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alternator.alt_text.check.answer import MOST_CHARACTERS, Asked, checked
from alternator.alt_text.check.fault import Fault
from alternator.alt_text.prompts import Name, prompt, table

ASKED = Asked(instruction=prompt("picture", "en", limit=1400))
HOUSE = "A red house beside a lake."

CLEANED = [
    ("<think>Is it a house?\nYes.</think>\nA red house beside a lake.", HOUSE),
    ("Is it a house? I think so.\n</think>\n\nA red house beside a lake.", HOUSE),
    ("[THINK]Is it?[/THINK]A red house beside a lake.", HOUSE),
    (
        "<|channel|>analysis<|message|>User wants alt text.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>A red house beside a lake.<|return|>",
        HOUSE,
    ),
    ("analysisUser wants alt text. So answer.assistantfinalA red house beside a lake.", HOUSE),
    ("A red house beside a lake.<|im_end|>", HOUSE),
    ("A red house beside a lake.<|im_end|>\n<|im_start|>user\nThanks!", HOUSE),
    ("A red house beside a lake.<end_of_turn>", HOUSE),
    ("A red house beside a lake.</s>", HOUSE),
    ("<|im_start|>assistant\nA red house beside a lake.", HOUSE),
    (
        "<|start_header_id|>assistant<|end_header_id|>\n\nA red house beside a lake.<|eot_id|>",
        HOUSE,
    ),
    ("<start_of_turn>model\nA red house beside a lake.<end_of_turn>", HOUSE),
    ("<|begin_of_box|>A red house beside a lake.<|end_of_box|>", HOUSE),
    ("Here is the alt text:\n\nA red house beside a lake.", HOUSE),
    ("Here's a description of the image: A red house beside a lake.", HOUSE),
    ('Sure! Here is the alternative text for the picture:\n\n"A red house beside a lake."', HOUSE),
    ("Sure! A red house beside a lake.", HOUSE),
    ("As requested, here's the description: A red house beside a lake.", HOUSE),
    ("Certainly! Here's the alt text:\n\n**A red house beside a lake.**", HOUSE),
    ("Alt text: A red house beside a lake.", HOUSE),
    ("**Alt text:** A red house beside a lake.", HOUSE),
    ("**Alt Text**: A red house beside a lake.", HOUSE),
    ("Alt text (26 characters): A red house beside a lake.", HOUSE),
    ("## Alt Text\n\nA red house beside a lake.", HOUSE),
    ("Description: A red house beside a lake.", HOUSE),
    ('"A red house beside a lake."', HOUSE),
    ("“A red house beside a lake.”", HOUSE),
    ("«A red house beside a lake.»", HOUSE),
    ("```\nA red house beside a lake.\n```", HOUSE),
    ("```text\nA red house beside a lake.\n```", HOUSE),
    ('{"alt_text": "A red house beside a lake."}', HOUSE),
    ("{'description': 'A red house beside a lake.'}", HOUSE),
    ('```json\n{"description": "A red house beside a lake."}\n```', HOUSE),
    ('["A red house beside a lake."]', HOUSE),
    ("<p>A red house beside a lake.</p>", HOUSE),
    ("<answer>A red house beside a lake.</answer>", HOUSE),
    ('<img src="house.jpg" alt="A red house beside a lake.">', HOUSE),
    ("A red house beside a lake.\n\nLet me know if you need anything else!", HOUSE),
    ("A red house beside a lake. Let me know if you'd like a shorter version.", HOUSE),
    ("A red house beside a lake.\n\n(26 characters)", HOUSE),
    ("A red house beside a lake.\n\nCharacter count: 26", HOUSE),
    (
        "A red house beside a lake.\n\nI hope this helps! Would you like me to adjust the tone?",
        HOUSE,
    ),
    ("A **red** house beside a *lake*.", HOUSE),
    ("A red [house](https://example.org/house) beside a lake.", HOUSE),
    ("![A red house beside a lake.](house.png)", HOUSE),
    ("A \u202ered\u202c house\u200b beside a la\u00adke.\ufeff", HOUSE),
    ("A\x00 red\x07 house beside a lake.", HOUSE),
    ("A red house beside a lake." + "".join(chr(0xE0000 + ord(c)) for c in "secret"), HOUSE),
    ("A red house\ud800 beside a lake.", HOUSE),
    ("A red house &amp; a lake.", "A red house & a lake."),
    ("The image you provided shows a red house.", "The image shows a red house."),
    ("- Milk\n- Bread\n- Eggs", "Milk\nBread\nEggs"),
    ("A notice board:\n\n* Milk\n* Bread", "A notice board:\n\nMilk\nBread"),
    ("# A red house\n\nBeside a lake.", "A red house\n\nBeside a lake."),
    ("| Day | Hours |\n|---|---|\n| Mon | 9–5 |", "Day, Hours\nMon, 9–5"),
    ("cafÃ© with a red sign", "café with a red sign"),
    ("[Image: A red house beside a lake.]", HOUSE),
    ("Alt text for the picture: A red house beside a lake.", HOUSE),
    ("Hello! Here's a concise alt text for screen readers:\n\n" + HOUSE, HOUSE),
    ("**Alt text:**\n\n> A red house beside a lake.", HOUSE),
    ("Hier ist der Alternativtext:\n\nEin rotes Haus.", "Ein rotes Haus."),
    ("Natürlich! Hier ist eine Beschreibung des Bildes: Ein rotes Haus.", "Ein rotes Haus."),
    ("Alternativtext: Ein rotes Haus.", "Ein rotes Haus."),
    ("Ein rotes Haus. Lass mich wissen, wenn du mehr brauchst.", "Ein rotes Haus."),
    ("Voici le texte alternatif :\n« Une maison rouge. »", "Une maison rouge."),
    ("Aquí tienes el texto alternativo: Una casa roja.", "Una casa roja."),
    ("Ecco il testo alternativo:\n\nUna casa rossa.", "Una casa rossa."),
    ("Aqui está o texto alternativo: Uma casa vermelha.", "Uma casa vermelha."),
    ("Hier is de alternatieve tekst: Een rood huis.", "Een rood huis."),
    ("Här är alternativtexten: Ett rött hus.", "Ett rött hus."),
    ("Her er en alternativ tekst: Et rødt hus.", "Et rødt hus."),
    ("Tässä on vaihtoehtoinen teksti: Punainen talo.", "Punainen talo."),
    ("Oto tekst alternatywny: Czerwony dom.", "Czerwony dom."),
    ("Zde je alternativní text: Červený dům.", "Červený dům."),
    ("İşte alternatif metin: Kırmızı bir ev.", "Kırmızı bir ev."),
    ("Вот альтернативный текст: Красный дом.", "Красный дом."),
    ("Ось альтернативний текст: Червоний будинок.", "Червоний будинок."),
    ("以下は代替テキストです：\n赤い家。", "赤い家。"),
    ("代替テキスト：赤い家。", "赤い家。"),
    ("다음은 대체 텍스트입니다:\n\n빨간 집.", "빨간 집."),
    ("以下是替代文字：\n一座红色的房子。", "一座红色的房子。"),
    ("当然！以下是图片的描述：一座红色的房子。", "一座红色的房子。"),
    ("好的！一座红色的房子。", "一座红色的房子。"),
]

LEFT_ALONE = [
    "Thank you! We are closed on Mondays.",
    "Hello! I'm a robot, says a sign.",
    "Error 404: a cartoon dog beside a broken wire.",
    "Warning: slippery floor.",
    "It is against the law to feed the birds.",
    "Our policy: no refunds.",
    "Model: T. Year: 1908.",
    "Result: 4:2 after extra time.",
    "Let's create together!",
    "Let's see the world.",
    "I can't describe how much I love you.",
    "An e-mail: Dear Ann, we meet at six. Let me know if that works.",
    "A café sign. Would you like a coffee?",
    "Please try again.",
    "Alt+F4 is printed on a mug.",
    "A cartoon in which a robot says: \"I'm sorry, but I can't do that, Dave.\"",
    "\"I'm sorry, but I can't help you.\"",
    "A screenshot of a chat. It replies “As an AI language model, I cannot view images.”",
    "A sign reads:\nSorry, we can't serve you today.",
    'Two signs, "Stop" and "Go".',
    '"Stop" and "Go"',
    'A sign says "No parking" and a man says "Why?"',
    'A screenshot of a form with the fields "Name", "Email" and "Please upload a photo".',
    "A shopping list: milk, bread, eggs.",
    "A list of things to do:\n1. Milk\n2. Bread\n3. Eggs",
    'لقطة شاشة تعرض النص "مرحبا\u200f!" باللون الأحمر.',
    "שלום\u200f (Hello) על שלט אדום.",
    "یک خانهٔ قرمز که می\u200cخواهم ببینم",
    "A family 👨\u200d👩\u200d👧, a flag 🏳️\u200d🌈, keycap 1️⃣, ❤️.",
    "England \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f wins.",
    "A screenshot of code: `def __init__(self, *args, **kwargs):`",
    "Python code reads def __init__(self, *args, **kwargs): return 2 * 3 * 4",
    "Code on a screen: for (int i = 0; i < 10; i++) { sum += a[i]; }",
    'A screen shows the HTML code <div class="a"><p>Hello</p></div>.',
    'The code "&nbsp;" stands on a slide.',
    "A tweet by @NASA with #Artemis and https://nasa.gov/x",
    "A t-shirt that says f**k it and c*nt.",
    "Hotel rated 5* and 4*.",
    "It's a dog's life: the dog's bowl isn't empty.",
    'A meme: "HA HA HA HA HA HA"',
    "Ha ha ha ha ha!",
    "A crying woman; the caption below says that she cannot see the stars tonight.",
    "I cannot see the stars tonight.",
    'Unfortunately named café: "Dirty Dicks".',
    "The museum label gives a description of the vase: Ming dynasty, 1450.",
    "Caption reads: hello",
    'A poster. It reads: "Let me know if you need a ride."',
    "The frame is empty. There is no picture in it.",
    "No image is visible on the switched-off television.",
    "Prix : 12 €\u00a0; ouvert de 9\u202fh à 17\u202fh.",
    "မြန်မာ ශ්\u200dරී ലങ്ക हिन्दी क्\u200dष",
    "A table of opening hours: Mon–Fri 9–17, Sat 10–14.",
    "A calendar of May: " + " ".join(str(day) for day in range(1, 32)),
    "赤い家。「申し訳ありませんが、できません」と書かれた看板。",
    "Eine Bildunterschrift lautet „Ich kann keine Bilder sehen“.",
    "A menu. Option 1: pizza. Option 2: pasta.",
    "Sorry, we are closed",
    "🐈",
    "7",
    "Ω",
    "é",
    "A house",
    "A house with 2 < 3 & 4 > 1.",
    "A man <3 a woman",
    "[EXIT] and [ENTRY] signs",
    "{x | x > 0}",
    "OK. Cancel.",
    "Okay, boomer",
    "Note: the shop is closed.",
    'The word "null" in red.',
    "A web page that says that the image is not available.",
    "The picture is empty but for a red dot.",
    "Image not found signs on a grey wall.",
    "Nice photo of you and me",
    "'Tis the season, reads a banner over the rock 'n' roll stage",
    "The score is 3:2.\n\nLength: 90 minutes",
    "C:\\Users\\me\\file_name_1.txt is open",
    "Thank you for 20 years of service!",
    "Rock, paper, scissors… and a lizard.",
    "He said ‘it’s fine’ and left.",
]

FAULTY = [
    ("", Fault.NOTHING),
    ("\u200b\u2060\ufeff", Fault.NOTHING),
    ("\u2800\u3164", Fault.NOTHING),
    ("...", Fault.NOTHING),
    ("null", Fault.NOTHING),
    ("[object Object]", Fault.NOTHING),
    ("(no description)", Fault.NOTHING),
    ("**Alt text:**", Fault.NOTHING),
    ('{"objects": ["house"], "count": 3}', Fault.DATA),
    ('{"alt_text": "A house with', Fault.DATA),
    ("{'objects': ['house']}", Fault.DATA),
    ('{"error": "no image"}', Fault.DATA),
    ("Here are three options:\n\n1. A house\n2. A red house", Fault.CHOICE),
    ("**Option 1:** A house\n\n**Option 2:** A red house", Fault.CHOICE),
    ("A house. " + "x" * MOST_CHARACTERS, Fault.ENDLESS),
    ("A" * 300, Fault.LOOP),
    ("The man is wearing a hat. " * 20, Fault.LOOP),
    ("a tree, " * 30, Fault.LOOP),
    ("A red house. " + "The sky is blue. " * 12, Fault.LOOP),
    ("no " * 50, Fault.LOOP),
    ("红色的房子，" * 15, Fault.LOOP),
    ("\n".join(f"{number}. A tree" for number in range(80)), Fault.LOOP),
    ("\n".join(["- a cup of tea"] * 10), Fault.LOOP),
    ("A man and a woman and a child and a dog and a cat. " * 6, Fault.LOOP),
    (
        "A picture. "
        + "iVBORw0KGgoAAAANSUhEUgAAAAEAAQ" * 2
        + "".join(map(chr, range(35, 127))) * 3,
        Fault.GARBLED,
    ),
    ("<think>The picture shows a house", Fault.THOUGHTS),
    ("A red house. <think>Is that all?", Fault.THOUGHTS),
    ("<think>Is it a house? Yes.</think>", Fault.THOUGHTS),
    ("[THINK]A house, then.", Fault.THOUGHTS),
    ("◁think▷The picture has a house", Fault.THOUGHTS),
    ("analysisThe user wants alt text. We say a house.", Fault.THOUGHTS),
    ("<|channel|>analysis<|message|>The user wants alt text.<|end|>", Fault.THOUGHTS),
]


@pytest.mark.parametrize(("answer", "text"), CLEANED, ids=range(len(CLEANED)))
def test_what_surrounds_a_description_is_removed(answer: str, text: str) -> None:
    assert checked(answer, ASKED) == text


@pytest.mark.parametrize("answer", LEFT_ALONE, ids=range(len(LEFT_ALONE)))
def test_a_description_stays_as_it_is(answer: str) -> None:
    assert checked(answer, ASKED) == answer


@pytest.mark.parametrize(("answer", "fault"), FAULTY, ids=range(len(FAULTY)))
def test_what_is_no_description_is_a_fault(answer: str, fault: Fault) -> None:
    assert checked(answer, ASKED) is fault


@pytest.mark.parametrize("language", table())
@pytest.mark.parametrize("name", ["picture", "moving", "long", "summary"])
def test_the_instruction_once_more_is_a_fault(name: Name, language: str) -> None:
    instruction = prompt(name, language, limit=1400)
    assert checked(instruction, Asked(instruction=instruction)) is Fault.PROMPT
    assert checked(f"{HOUSE} {instruction}", Asked(instruction=instruction)) is Fault.PROMPT


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("A red house. It stands beside a la", "A red house."),
        ("A red house.\nA lake\nA bo", "A red house.\nA lake"),
        ("A red house stands beside a la", Fault.CUT),
        ("赤い家。湖のほと", "赤い家。"),
        ("A red house beside a lake.", "A red house beside a lake."),
        ("A red house. Let me know if you need more. I c", "A red house."),
    ],
)
def test_a_sentence_that_the_limit_cut_off_is_dropped(answer: str, text: str | Fault) -> None:
    assert checked(answer, ASKED, cut=True) == text


def test_a_shortened_transcript_may_say_what_was_said() -> None:
    said = "I'm sorry, but I can't come tonight. Let me know if you need a ride."
    asked = Asked(instruction=prompt("summary", "en", limit=1400), given=f"Hello Ann. {said} Bye.")
    assert checked(said, asked) == said
    assert checked("I'm sorry, but I can't help with that.", asked) is Fault.REFUSAL
    song = "We will rock you. " * 20
    assert checked(song.strip(), Asked(instruction="Shorten.", given=song)) == song.strip()


PIECES = [
    *(answer for answer, _ in CLEANED),
    *LEFT_ALONE,
    *(answer for answer, _ in FAULTY if len(answer) < 300),
    *("**", "*", "`", "```\n", '"', "“", "”", "'", "# ", "- ", "\n", "\n\n", " ", ". ", ": "),
    *("<think>", "</think>", "<|im_end|>", "<b>", "</b>", "&amp;", "&lt;", "{", "}", "[", "]"),
    *("\u200d", "\ufe0f", "\u200f", "\u202e", "\u2066", "\ud83d", "\ude00", "\x00", "\U000e0041"),
    *("ي", "א", "😀", "क", "्", "á", "Ã©", "\ufffd"),
]
ANSWERS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=7).map("".join)
FORBIDDEN = (
    *("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060\ufeff\u00ad\u3164"),
    *(chr(code) for code in (*range(10), *range(11, 32), *range(127, 160))),
)


@settings(max_examples=400, deadline=None)
@given(answer=ANSWERS, cut=st.booleans())
def test_a_text_is_whole_clean_and_stays_so(answer: str, cut: bool) -> None:
    text = checked(answer, ASKED, cut=cut)
    if isinstance(text, Fault):
        return
    assert 0 < len(text) <= len(answer)
    assert not set(FORBIDDEN) & set(text)
    text.encode("utf-8")  # no half of a pair is left
    assert checked(text, ASKED) == text
