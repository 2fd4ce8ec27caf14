"""The web page: what it shows, the form, and the basics of accessibility."""

import re
from html.parser import HTMLParser

import pytest

from sandbox.samples.samples import post_samples


class Page(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture
def page(api, server) -> Page:
    """The page with the sample posts."""
    post_samples(server.sandbox)
    return Page(api("GET", "/").text)


def test_posts_are_shown_newest_first_with_their_descriptions(api, server, picture):
    first = server.post("First", files=[picture], descriptions=["a <blue> one"])
    second = server.post("Zweiter", files=[picture], spoiler_text="Vorsicht", language="de")
    text = api("GET", "/").text
    assert text.index(f'id="post-{second["id"]}"') < text.index(f'id="post-{first["id"]}"')
    assert text.count("No description yet</") == 0
    assert text.count("No description yet <") == 1
    assert "a &lt;blue&gt; one" in text
    assert "<blue>" not in text
    assert "Vorsicht" in text
    assert "1 of 2" in text


def test_edit_shows_up(api, server, picture):
    status = server.post("x", files=[picture])
    before = api("GET", "/").text
    media_id = status["media_attachments"][0]["id"]
    described = [{"id": media_id, "description": "blue all over"}]
    server.edit(status["id"], status="x", media_ids=[media_id], media_attributes=described)
    after = api("GET", "/").text
    assert "edited" not in before
    assert "edited <time" in after
    assert "blue all over" in after
    versions = [re.findall(r'data-version="(.*?)"', text) for text in (before, after)]
    assert versions[0] != versions[1]


def test_polls_boosts_and_an_empty_page(api, server):
    assert "No posts yet" in api("GET", "/").text
    server.post("Which?", poll={"options": ["tea", "coffee"], "expires_in": 300})
    server.boost(server.post("theirs", token="neighbour")["id"])
    text = api("GET", "/").text
    assert "<li>tea</li>" in text
    assert "boosted" in text
    assert "theirs" in text


def test_every_element_has_its_name(page):
    labels = {attributes["for"] for attributes in page.all("label")}
    fields = page.all("input", "textarea", "select")
    assert {attributes["id"] for attributes in fields} == labels
    assert all("alt" in attributes for attributes in page.all("img"))
    assert all(
        attributes.get("aria-label") for attributes in page.all("audio", "video", "progress")
    )
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    named = [a.get("aria-labelledby") or a.get("aria-describedby") for _, a in page.elements]
    assert {name for name in named if name} <= set(ids)


def test_page_has_landmarks_headings_and_languages(page):
    assert len(page.all("main")) == len(page.all("aside")) == len(page.all("h1")) == 1
    assert page.all("html")[0]["lang"] == "en"
    assert {"de", "fr"} <= {attributes.get("lang") for attributes in page.all("div")}
    assert page.all("a")[0]["href"] == "#posts"  # first stop of the keyboard: past the form


def test_nothing_comes_from_elsewhere(api, page):
    sources = [
        value
        for _, attributes in page.elements
        for name in ("src", "href", "poster", "action")
        if (value := attributes.get(name))
    ]
    assert sources
    assert all(source.startswith(("/", "#")) for source in sources)
    policy = api("GET", "/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    for source in (s for s in sources if s.startswith("/static/")):
        assert api("GET", source).status_code == 200


def contrast(first: str, second: str) -> float:
    """WCAG's contrast ratio of two ``#rrggbb`` colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(api, scheme):
    sheet = api("GET", "/static/page.css").text
    found = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[0 if scheme == "light" else 1]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", found))
    pairs = [
        *((text, back) for text in ("text", "soft", "accent") for back in ("page", "card")),
        *(("text", "good-back"), ("text", "wait-back"), ("on-accent", "accent")),
        *((name, f"{name}-back") for name in ("good", "wait", "bad")),
    ]
    for text, back in pairs:
        assert contrast(colours[text], colours[back]) >= 4.5, (text, back)


def test_form_posts_as_the_demo_account(api, server, picture):
    with picture.open("rb") as content:
        response = api(
            "POST",
            "/",
            files={"file": content},
            data={"status": "Mine", "spoiler_text": "careful", "language": "fr"},
            headers={"Authorization": None, "Origin": api.url},
            allow_redirects=False,
        )
    status = server.statuses()[0]
    assert response.status_code == 303
    assert response.headers["location"] == f"/#post-{status['id']}"
    assert (status["content"], status["spoiler_text"], status["language"]) == (
        "<p>Mine</p>",
        "careful",
        "fr",
    )
    assert status["media_attachments"][0]["type"] == "image"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("", b"", "Choose a sound"),
        ("note.txt", b"words", "content type"),
        ("broken.png", b"no picture", "content type"),
    ],
)
def test_form_says_what_is_wrong_and_keeps_what_was_typed(api, server, name, content, reason):
    response = api("POST", "/", files={"file": (name, content)}, data={"status": "My <words>"})
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert reason in response.text
    assert "My &lt;words&gt;</textarea>" in response.text
    assert server.statuses() == []


def test_form_of_another_web_site_is_refused(api, server, picture):
    with picture.open("rb") as content:
        origin = {"Origin": "https://evil.example"}
        response = api("POST", "/", files={"file": content}, headers=origin)
    assert response.status_code == 403
    assert server.statuses() == []


def test_links_in_statuses_lead_to_the_page(api, server):
    status = server.post("see #this")
    response = api("GET", status["url"].removeprefix(api.url), allow_redirects=False)
    assert response.headers["location"] == f"/#post-{status['id']}"
    assert api("GET", "/tags/this").url == f"{api.url}/"
