"""What the proof found is remembered for as long as it holds, and not longer."""

import json
from pathlib import Path

import pytest
from cards import machine_with, nvidia

from probe.decide.choice import Selection
from probe.decide.choose import choose
from probe.facts import Gpu
from probe.findings.proof import ProofCrashed, ProofCut
from probe.frozen_record import replace
from probe.prove.remembered import KEPT, Verdicts, image_id
from probe.prove.run_child import Verdict
from probe.tables.builds import load_table

GPU = nvidia("8.9", "580.95.05")
SELECTION = choose(machine_with(GPU), load_table()).selection
PROVEN = Verdict(device="cuda", name="card", torch="2.13.0+cu130", ms=7)


def test_a_verdict_is_found_by_the_next_start(tmp_path: Path) -> None:
    Verdicts(str(tmp_path), "image").remember(GPU, SELECTION, PROVEN)
    assert Verdicts(str(tmp_path), "image").find(GPU, SELECTION) == PROVEN


@pytest.mark.parametrize(
    ("gpu", "selection", "image"),
    [
        (replace(GPU, driver="590.48.01"), SELECTION, "image"),
        (replace(GPU, uuid="GPU-other"), SELECTION, "image"),
        (replace(GPU, uuid=None), SELECTION, "image"),
        (GPU, replace(SELECTION, torch="2.11.0"), "image"),
        (GPU, replace(SELECTION, wheel="cu126"), "image"),
        (GPU, replace(SELECTION, device="cpu"), "image"),
        (GPU, replace(SELECTION, env={"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}), "image"),
        (GPU, SELECTION, "another image"),
    ],
)
def test_it_holds_for_one_card_driver_build_and_image(
    tmp_path: Path, gpu: Gpu, selection: Selection, image: str
) -> None:
    Verdicts(str(tmp_path), "image").remember(GPU, SELECTION, PROVEN)
    assert Verdicts(str(tmp_path), image).find(gpu, selection) is None


def test_it_holds_until_the_machine_starts_again(tmp_path: Path) -> None:
    before, after = Verdicts(str(tmp_path), "image"), Verdicts(str(tmp_path), "image")
    before.remember(GPU, SELECTION, PROVEN)
    after.boot = "another boot"
    assert after.find(GPU, SELECTION) is None


def test_cards_without_a_uuid_are_told_apart_by_number(tmp_path: Path) -> None:
    verdicts, card = Verdicts(str(tmp_path), "image"), replace(GPU, uuid=None)
    verdicts.remember(card, SELECTION, PROVEN)
    assert verdicts.find(card, SELECTION) == PROVEN
    assert verdicts.find(replace(card, index=1), SELECTION) is None


def test_only_a_failure_that_would_come_again_is_kept(tmp_path: Path) -> None:
    verdicts = Verdicts(str(tmp_path), "image")
    crash = Verdict(device="cuda", why=ProofCrashed(how="aborted"))
    slow = Verdict(device="cuda", why=ProofCut(how="no answer within 1 s"))
    verdicts.remember(GPU, SELECTION, crash)
    assert verdicts.find(GPU, SELECTION) == crash
    verdicts.remember(GPU, SELECTION, slow)
    assert verdicts.find(GPU, SELECTION) == crash


def test_the_oldest_go_first_and_one_that_is_said_anew_is_the_newest(tmp_path: Path) -> None:
    verdicts = Verdicts(str(tmp_path), "image")
    cards = [replace(GPU, uuid=f"GPU-{number}") for number in range(KEPT)]
    for card in [*cards, cards[0], GPU]:
        verdicts.remember(card, SELECTION, PROVEN)
    assert len(json.loads((tmp_path / "proof.json").read_text())) == KEPT
    assert verdicts.find(cards[0], SELECTION) == verdicts.find(GPU, SELECTION) == PROVEN
    assert verdicts.find(cards[1], SELECTION) is None


@pytest.mark.parametrize("text", ["", "[]", '{"broken": [', "[" * 100_000, "\ufffd"])
def test_a_file_that_is_none_of_ours_costs_one_proof(tmp_path: Path, text: str) -> None:
    (tmp_path / "proof.json").write_text(text)
    verdicts = Verdicts(str(tmp_path), "image")
    assert verdicts.find(GPU, SELECTION) is None
    verdicts.remember(GPU, SELECTION, PROVEN)
    assert verdicts.find(GPU, SELECTION) == PROVEN


@pytest.mark.parametrize("directory", [None, "/nowhere"])
def test_without_a_place_to_write_nothing_is_remembered(directory: str | None) -> None:
    verdicts = Verdicts(directory, "image")
    verdicts.remember(GPU, SELECTION, PROVEN)
    assert verdicts.find(GPU, SELECTION) is None


def test_an_image_is_known_by_the_file_that_its_build_wrote(tmp_path: Path) -> None:
    file = tmp_path / "variant.json"
    assert image_id({}, str(file)) == ""
    file.write_text("one")
    first = image_id({}, str(file))
    file.write_text("two")
    assert first.startswith("one ")
    assert image_id({}, str(file)).startswith("two ")
    assert image_id({"ALTERNATOR_IMAGE_ID": "7"}, str(file)) == "7"
