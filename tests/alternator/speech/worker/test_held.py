"""Each request gets one last word, whichever way its worker ends."""

import queue

from alternator.errors import MediaError, WorkerError
from alternator.speech.engines.engine import Failed
from alternator.speech.worker.held import HeldRequests, Lost, Mailbox
from alternator.speech.worker.protocol import Started


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
    held.lose(WorkerError("it died"), again=True)
    assert not everything_in(mailbox)


def test_only_what_was_not_begun_may_be_asked_of_another() -> None:
    held = HeldRequests()
    mailboxes: dict[str, Mailbox] = {"1": queue.SimpleQueue(), "2": queue.SimpleQueue()}
    for number, mailbox in mailboxes.items():
        held.add(number, mailbox)
    held.deliver(Started(id="1"))
    held.lose(WorkerError("it died"), again=True)
    begun, waited = (everything_in(mailbox)[-1] for mailbox in mailboxes.values())
    assert isinstance(begun, Lost) and not begun.again and str(begun.error) == "it died"
    assert isinstance(waited, Lost) and waited.again
    assert not held.add("3", mailboxes["1"]), "it is over"
