"""What is said of a worker that ended, and what it is called."""

import signal

import pytest

from alternator.speech.worker.words import ended, engine_of, model_of, stopped, worker_of


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "closed its pipe without an answer"),
        (3, "ended while at work (exit code 3); what it wrote to stderr stands above"),
        (
            25,
            "ended while at work: it called a GPU library that this image leaves out, named above",
        ),
        (-signal.SIGKILL, "died of SIGKILL while at work; if nobody killed it, memory ran out"),
        (-signal.SIGILL, "died of SIGILL while at work; this torch build needs instructions"),
        (-signal.SIGSEGV, "died of SIGSEGV while at work; if it happens again, set [whisper]"),
    ],
)
def test_an_end_is_told_with_its_remedy(code: int | None, said: str) -> None:
    assert str(ended("auto", code, "at work")).startswith(f"the Whisper worker {said}")


@pytest.mark.parametrize("engine", ["auto", "alternator", "openai"])
def test_openai_whisper_is_called_as_the_documents_call_it(engine: str) -> None:
    assert (engine_of(engine), worker_of(engine)) == ("Whisper", "the Whisper worker")
    assert model_of(engine, "base") == "Whisper model base"
    assert str(stopped(engine, "was silent for 2 s")).startswith("the Whisper worker was silent ")


def test_another_engine_is_called_by_its_name() -> None:
    assert (engine_of("reader"), worker_of("reader")) == (
        "the speech engine 'reader'",
        "the speech worker",
    )
    assert model_of("reader", "a book") == "model a book of the speech engine 'reader'"
    assert str(ended("reader", None, "at work")).startswith("the speech worker closed its pipe")
