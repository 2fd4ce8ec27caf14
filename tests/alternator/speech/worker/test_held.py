"""Each request gets one last word, whichever way its worker ends."""

import queue

from alternator.errors import MediaError, ModelError, OutOfMemoryError, WorkerError
from alternator.speech.engines.engine import Failed
from alternator.speech.worker.held import Ending, HeldRequests, Lost, cause_of
from alternator.speech.worker.protocol import Answer, Fatal, Started

Mailbox = queue.SimpleQueue[Answer | Lost]


def everything_in(mailbox: Mailbox) -> list[object]:
    found: list[object] = []
    while not mailbox.empty():
        found.append(mailbox.get())
    return found


def test_the_answer_is_the_last_word() -> None:
    held = HeldRequests()
    mailbox: Mailbox = queue.SimpleQueue()
    assert held.add("1", mailbox) and "1" in held
    failed = Failed(id="1", error=MediaError("too long"))
    for answer in (Started(id="1"), failed, failed):
        held.deliver(answer)
    assert everything_in(mailbox) == [Started(id="1"), failed]
    assert "1" not in held and not len(held)
    held.lose(Ending(error=WorkerError("it died"), cause="died"))
    assert not everything_in(mailbox)


def test_only_what_was_not_begun_may_be_asked_of_another() -> None:
    held = HeldRequests()
    mailboxes: dict[str, Mailbox] = {"1": queue.SimpleQueue(), "2": queue.SimpleQueue()}
    for number, mailbox in mailboxes.items():
        held.add(number, mailbox)
    held.deliver(Started(id="1"))
    held.lose(Ending(error=WorkerError("it died"), cause="died"))
    begun, waited = (everything_in(mailbox)[-1] for mailbox in mailboxes.values())
    assert isinstance(begun, Lost) and begun.begun and str(begun.ending.error) == "it died"
    assert isinstance(waited, Lost) and not waited.begun
    assert not held.add("3", mailboxes["1"]), "it is over"


def test_a_last_word_tells_what_another_worker_would_meet() -> None:
    assert cause_of(Fatal(error=OutOfMemoryError("12 GB"))) == "memory"
    assert cause_of(Fatal(error=WorkerError("a defect"), trace="Traceback ...")) == "died"
    assert cause_of(Fatal(error=ModelError("no such model"))) == "refused"
