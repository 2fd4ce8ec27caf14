"""Which base a build gets, of which digest, and how the registry's is pinned."""

import shutil
from pathlib import Path

import pytest
from fake_engine import FakeEngine, fake_builder, image_facts

from images.build import base
from images.build.bootstrap import RECIPE_LABEL, recipe
from images.catalog import BASE_PIN_FILE, CATALOG_FILE, load_catalog
from images.engine.answers import EngineFacts, ImageFacts
from images.engine.platforms import AMD64, ARM64
from images.errors import EngineError

BASE = load_catalog().base
REGISTRYS = image_facts(BASE.reference)
ARM_ENGINE = EngineFacts(machine="aarch64", secure={})


def made_here(architecture: str) -> ImageFacts:
    """A base that was made of the packages that the catalog names now."""
    return image_facts(
        BASE.bootstrap_tag(architecture),
        architecture=architecture,
        labels={RECIPE_LABEL: recipe(BASE)},
    )


@pytest.mark.parametrize(
    ("override", "here", "expected"),
    [
        ("registry", [], BASE.reference),
        ("mirror.example/python:3.11", [], "mirror.example/python:3.11"),
        (None, [REGISTRYS, made_here("amd64")], BASE.reference),
        (None, [made_here("amd64")], BASE.bootstrap_tag("amd64")),
        ("bootstrap", [REGISTRYS, made_here("amd64")], BASE.bootstrap_tag("amd64")),
    ],
)
def test_the_first_that_is_there(override: str, here: list[ImageFacts], expected: str) -> None:
    builder = fake_builder(FakeEngine(images=here))
    assert base.resolve(builder, override, AMD64) == expected


def test_where_nothing_is_here_the_registry_is_asked() -> None:
    engine = FakeEngine(registry={BASE.reference: BASE.digest})
    assert base.resolve(fake_builder(engine), None, AMD64) == BASE.reference
    assert base.registry_refusal(FakeEngine(), BASE) == "no route to host"


def test_without_a_registry_and_mmdebstrap_the_command_is_named(tmp_path: Path) -> None:
    builder = fake_builder(FakeEngine(environ={"PATH": str(tmp_path)}))
    with pytest.raises(EngineError, match="apt-get install mmdebstrap"):
        base.resolve(builder, None, AMD64)


def test_a_build_for_the_engines_own_platform_needs_one_base() -> None:
    builder = fake_builder(FakeEngine(images=[made_here("arm64")], facts=ARM_ENGINE))
    assert base.arguments(builder, None, ARM64) == {
        "BASE": BASE.bootstrap_tag("arm64"),
        "BASE_DIGEST": f"sha256:{BASE.bootstrap_tag('arm64')}",
    }


def test_a_build_for_another_platform_compiles_on_the_engines_own() -> None:
    builder = fake_builder(FakeEngine(images=[made_here("arm64"), made_here("amd64")]))
    found = base.arguments(builder, None, ARM64)
    assert found["BASE"] == BASE.bootstrap_tag("arm64")
    assert found["BUILD_BASE"] == BASE.bootstrap_tag("amd64")


def test_the_digest_is_the_registrys_or_the_images_own() -> None:
    pulled = image_facts("python:1", digests=("python@sha256:aa", "other@sha256:bb"))
    engine = FakeEngine(images=[pulled, image_facts("local:1", image_id="sha256:cc")])
    assert base.digest(engine, "name@sha256:dd") == "sha256:dd"
    assert base.digest(engine, "python:1") == "sha256:aa"
    assert base.digest(engine, "local:1") == "sha256:cc"
    assert base.digest(engine, "nowhere:1") == "unknown"


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog of one's own, with its pin beside it."""
    shutil.copy(CATALOG_FILE.with_name(BASE_PIN_FILE), tmp_path)
    return Path(shutil.copy(CATALOG_FILE, tmp_path))


def test_the_pin_is_the_registrys_answer_and_nothing_else_changes(catalog: Path) -> None:
    before = catalog.read_text("utf-8")
    digest = f"sha256:{'0' * 64}"
    said = base.pin(FakeEngine(registry={BASE.image: digest}), catalog)
    assert said == f"{BASE.image} is pinned to {digest}"
    assert load_catalog(catalog).base.digest == digest
    assert catalog.read_text("utf-8") == before


def test_a_registry_that_does_not_answer_leaves_the_pin(catalog: Path) -> None:
    with pytest.raises(EngineError, match=f"the catalog keeps {BASE.digest}"):
        base.pin(FakeEngine(), catalog)
    assert load_catalog(catalog).base.digest == BASE.digest


def test_the_committed_pin_is_as_the_command_writes_it() -> None:
    text = CATALOG_FILE.with_name(BASE_PIN_FILE).read_text("utf-8")
    source = text.partition('source = "')[2].removesuffix('"\n')
    assert text == base.PIN.format(digest=BASE.digest, source=source)


def test_podman_names_the_registry_and_does_not_ask_it() -> None:
    """Its API has no question for that, and its short names lead to no registry by themselves."""
    facts = EngineFacts(machine="amd64", podman=True, secure={})
    engine = FakeEngine(facts=facts, registry={BASE.reference: BASE.digest})
    assert "BASE=registry" in (base.registry_refusal(engine, BASE) or "")
    found = base.resolve(fake_builder(engine), "registry", AMD64)
    assert found == f"docker.io/library/{BASE.reference}"
