"""Downloads: resumed, checked, one for many, and nothing half-written whatever happens."""

import multiprocessing
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from model_server import ModelServer
from small_disk import small_disk
from unprivileged import unprivileged
from waiting import wait_for

from alternator.errors import ModelError
from alternator.models import disk_space
from alternator.models.answers import reason_of_request
from alternator.models.catalog import NamedModel
from alternator.models.download import Order, fetch
from alternator.progress import SILENT, Progress


class Listener(Progress):
    """Keeps what it hears; never sleeps long."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[tuple[float, float]] = []

    def pause(self, seconds: float) -> None:
        super().pause(min(seconds, 0.01))

    def line(self, text: str) -> None:
        self.lines.append(text)

    def advanced(self, done: float, total: float) -> None:
        self.steps.append((done, total))


@pytest.fixture
def order(tiny: NamedModel, server: ModelServer, tmp_path: Path) -> Order:
    return Order(model=tiny, directory=tmp_path / "models", mirror=server.url)


def names(order: Order) -> list[str]:
    return sorted(path.name for path in order.directory.iterdir())


def content(server: ModelServer) -> bytes:
    return next(iter(server.files.values()))


def test_a_model_is_fetched_once(order: Order, server: ModelServer) -> None:
    heard = Listener()
    path = fetch(order, heard)
    assert path.read_bytes() == content(server)
    assert names(order) == [".tiny.pt.whole", "tiny.pt"]
    assert heard.steps[-1] == (700_000, 700_000)
    assert [done for done, _ in heard.steps] == sorted(done for done, _ in heard.steps)
    fetch(order, heard)
    assert len(server.asked) == 1


def test_a_break_is_gone_over(order: Order, server: ModelServer) -> None:
    server.breaks = [100_000, 0, 250_000]
    heard = Listener()
    assert fetch(order, heard).read_bytes() == content(server)
    assert [asked for _, asked in server.asked] == [
        None,
        "bytes=100000-",
        "bytes=100000-",
        "bytes=350000-",
    ]
    assert server.sent == 700_000
    assert len(heard.lines) == 3


def test_what_came_is_kept_for_the_next_time(order: Order, server: ModelServer) -> None:
    class StoppedError(Exception):
        pass

    class Stopping(Listener):
        def beat(self) -> None:
            if self.steps and self.steps[-1][0] > 200_000:
                raise StoppedError

    with pytest.raises(StoppedError):
        fetch(order, Stopping())
    kept = order.part.stat().st_size
    assert kept > 200_000 and not order.target.exists()
    assert fetch(order, SILENT).read_bytes() == content(server)
    assert server.asked[-1][1] == f"bytes={kept}-"


def test_a_server_without_ranges_starts_anew(order: Order, server: ModelServer) -> None:
    order.directory.mkdir()
    order.part.write_bytes(content(server)[:300_000])
    server.ranges = False
    assert fetch(order, SILENT).read_bytes() == content(server)


@pytest.mark.parametrize("more", [b"", b"and more"])
def test_a_part_that_is_all_there_or_more(order: Order, server: ModelServer, more: bytes) -> None:
    order.directory.mkdir()
    order.part.write_bytes(content(server) + more)
    if more:
        with pytest.raises(ModelError, match="is another file: 700,008 bytes"):
            fetch(order, SILENT)
        assert names(order) == []
    assert fetch(order, SILENT).read_bytes() == content(server)


def test_another_file_is_refused_and_not_kept(order: Order, server: ModelServer) -> None:
    for path in server.files:
        server.files[path] = b"x" * 700_000
    with pytest.raises(ModelError, match=r"is another file: 700,000 bytes with SHA-256 .*nothing"):
        fetch(order, SILENT)
    assert names(order) == []


def test_a_damaged_file_in_its_place_is_fetched_again(order: Order, server: ModelServer) -> None:
    order.directory.mkdir()
    order.target.write_bytes(content(server)[:-1] + b"x")
    assert fetch(order, SILENT).read_bytes() == content(server)


def test_a_page_that_asks_to_sign_in_leaves_what_came(order: Order, server: ModelServer) -> None:
    order.directory.mkdir()
    order.part.write_bytes(content(server)[:300_000])
    server.page = b"<html>Please accept our terms</html>"
    with pytest.raises(ModelError, match=r"gives text/html of 36 bytes, which is no model"):
        fetch(order, SILENT)
    assert order.part.stat().st_size == 300_000


def test_a_mirror_that_has_the_files_side_by_side(order: Order, server: ModelServer) -> None:
    server.files = {"/models/tiny.pt": content(server)}
    assert fetch(order, SILENT).is_file()
    assert [path for path, _ in server.asked] == [
        f"/models/{order.model.sha256}/tiny.pt",
        "/models/tiny.pt",
    ]


@pytest.mark.parametrize(("status", "asked"), [(403, 2), (404, 2), (503, 2)])
def test_a_server_that_refuses_is_named(
    order: Order, server: ModelServer, status: int, asked: int
) -> None:
    server.status = status
    with pytest.raises(
        ModelError, match=rf"tiny\.pt is not there, and .* from 127\.0\.0\.1 \(HTTP {status}\)"
    ):
        fetch(order, SILENT)
    assert len(server.asked) == asked
    assert names(order) == []


def test_nobody_there(order: Order) -> None:
    with pytest.raises(ModelError, match=r"Connection refused.*model_mirror"):
        fetch(replace(order, mirror="http://127.0.0.1:9/models"), SILENT)


def test_certificates_that_are_not_there_are_told(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(Exception, match=r"REQUESTS_CA_BUNDLE: /nowhere/ca\.pem can't be read"):
        fetch(order, SILENT)


def test_no_room_is_found_out_before(order: Order, server: ModelServer) -> None:
    large = replace(order, model=replace(order.model, size=10**15))
    with pytest.raises(ModelError, match=r"does not fit on the disk of .*000 MB more are needed"):
        fetch(large, SILENT)
    assert server.asked == []


def test_no_room_while_it_comes(
    order: Order, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "SPARE_BYTES", -(10**9))
    with small_disk(tmp_path / "disk", kibibytes=400) as disk:
        here = replace(order, directory=disk)
        with pytest.raises(ModelError, match=r"does not fit on the disk of .*/disk.*free some"):
            fetch(here, SILENT)
        assert not here.target.exists() and not here.part.exists()


def test_a_folder_that_can_not_be_written_to(order: Order) -> None:
    order.directory.mkdir()
    with (
        unprivileged(order.directory),
        pytest.raises(ModelError, match=r"can't be kept in .*Permission denied.*model_dir"),
    ):
        fetch(order, SILENT)


def fetch_in_child(order: Order, said: "multiprocessing.Queue[str]") -> None:
    """In a process of its own: what it said, and what came of it."""

    class Telling(Listener):
        def line(self, text: str) -> None:
            said.put(text)

    said.put(f"whole {fetch(order, Telling()).stat().st_size}")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_several_processes_download_once(order: Order, server: ModelServer) -> None:
    server.gate.clear()
    fork = multiprocessing.get_context("fork")
    said = fork.Queue()
    children = [fork.Process(target=fetch_in_child, args=(order, said)) for _ in range(3)]
    for child in children:
        child.start()
    try:
        waiting = [said.get(timeout=30) for _ in range(2)]
        assert waiting == ["waiting for another process, which is fetching tiny.pt"] * 2
        server.gate.set()
        assert [said.get(timeout=30) for _ in range(3)] == ["whole 700000"] * 3
    finally:
        for child in children:
            child.join(30)
    assert server.sent == 700_000
    assert names(order) == [".tiny.pt.whole", "tiny.pt"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_killed_download_is_gone_on_with_by_who_waits(order: Order, server: ModelServer) -> None:
    server.gate.clear()
    fork = multiprocessing.get_context("fork")
    said = fork.Queue()
    child = fork.Process(target=fetch_in_child, args=(order, said))
    child.start()
    assert server.waiting.wait(30)
    wait_for(lambda: order.part.exists() and order.part.stat().st_size > 0)
    heard = Listener()
    waiter = threading.Thread(target=fetch, args=(order, heard))
    waiter.start()
    wait_for(lambda: bool(heard.lines))
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    server.gate.set()
    child.join(30)
    waiter.join(30)
    assert order.target.read_bytes() == content(server)
    assert names(order) == [".tiny.pt.whole", "tiny.pt"]


def test_reasons_are_those_of_the_system() -> None:
    import requests

    inner = OSError(-3, "Temporary failure in name resolution")
    outer = requests.ConnectionError("HTTPSConnectionPool(host='x', port=443): Max retries")
    outer.__cause__ = inner
    assert reason_of_request(outer) == "Temporary failure in name resolution"
    assert reason_of_request(requests.Timeout("…")) == "it does not answer in time"
