import gzip
import re
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from alternator.web.reach import Reach
from alternator.web.session import (
    Answer,
    ForbiddenAddressError,
    Limits,
    TooLargeError,
    WebSession,
)
from tests.alternator.web.conftest import RawServer

SHORT = Limits(seconds=0.5)
# Far below what the trickling servers here would take, far above what a busy machine needs.
SOON_SECONDS = 20.0
FOREVER = 3600


def whole(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def trickle(line: socket.socket, piece: bytes) -> None:
    for _ in range(FOREVER):
        line.sendall(piece)
        time.sleep(0.05)


def in_the_status_line(line: socket.socket, head: str) -> None:
    line.sendall(b"HTTP/1.1 200 ")
    trickle(line, b"O")


def in_a_header(line: socket.socket, head: str) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    trickle(line, b"a")


def in_the_body(line: socket.socket, head: str) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    trickle(line, b"1")


def in_a_body_without_an_end(line: socket.socket, head: str) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    trickle(line, b"1")


def in_a_chunks_length(line: socket.socket, head: str) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    trickle(line, b"a")


def in_a_chunks_length_then_closed(line: socket.socket, head: str) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    trickle(line, b"a")


def with_nothing(line: socket.socket, head: str) -> None:
    line.recv(1)  # until the client goes


@pytest.mark.parametrize(
    "behave",
    [
        in_the_status_line,
        in_a_header,
        in_the_body,
        in_a_body_without_an_end,
        in_a_chunks_length,
        in_a_chunks_length_then_closed,
        with_nothing,
    ],
)
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept connection"])
def test_no_answer_holds_a_request_beyond_its_time(
    raw_server: RawServer, behave: Callable[[socket.socket, str], None], kept: bool
) -> None:
    session = WebSession()
    if kept:
        raw_server.behave = lambda line, head: line.sendall(whole(b"{}"))
        session.send("GET", raw_server.url, limits=SHORT)
    raw_server.behave = behave
    started = time.monotonic()
    with pytest.raises(requests.Timeout):
        session.send("GET", raw_server.url, limits=SHORT)
    assert time.monotonic() - started < SOON_SECONDS
    assert raw_server.connections == 1


def test_a_handshake_that_never_comes_ends_with_the_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(requests.RequestException):
            WebSession().send("GET", url, limits=SHORT)


def test_an_answer_in_time_is_whole_and_its_connection_kept(raw_server: RawServer) -> None:
    raw_server.behave = lambda line, head: line.sendall(whole(b'{"a": 1}', "X-Made-By: test"))
    session = WebSession(headers={"User-Agent": "alternator"})
    answers = [
        session.send("GET", f"{raw_server.url}/x", params={"q": "1"}, limits=SHORT)
        for _ in range(3)
    ]
    for answer in answers:
        assert answer.ok
        assert answer.json() == {"a": 1}
        assert answer.headers["x-made-by"] == "test"
    assert raw_server.connections == 1
    assert raw_server.heard[0].startswith("GET /x?q=1 HTTP/1.1\r\n")


def test_a_stream_may_be_longer_than_its_limit_but_not_its_headers(raw_server: RawServer) -> None:
    def slow_body(line: socket.socket, head: str) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(30):
            line.sendall(b"event\n")
            time.sleep(0.05)
        line.close()

    limits = Limits(seconds=0.5, most=10, endless=True)
    raw_server.behave = slow_body
    with WebSession().opened("GET", raw_server.url, limits=limits) as opened:
        assert b"".join(opened.pieces()) == b"event\n" * 30
    raw_server.behave = in_a_header
    with (
        pytest.raises(requests.Timeout),
        WebSession().opened("GET", raw_server.url, limits=limits),
    ):
        pass


def test_a_stream_is_cut_by_its_silence(raw_server: RawServer) -> None:
    def silent_body(line: socket.socket, head: str) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n:thump\n")
        line.recv(1)

    raw_server.behave = silent_body
    limits = Limits(seconds=60, silence=0.3, endless=True)
    with WebSession().opened("GET", raw_server.url, limits=limits) as opened:
        pieces = opened.pieces()
        assert next(pieces) == b":thump\n"
        with pytest.raises(requests.RequestException):
            next(pieces)


def test_a_body_has_a_size(raw_server: RawServer) -> None:
    raw_server.behave = lambda line, head: line.sendall(whole(b"x" * 11))
    assert len(get(raw_server.url, most=11).content) == 11
    with pytest.raises(TooLargeError):
        get(raw_server.url, most=10)


def get(url: str, *, most: int = 1000, redirects: int = 0, reach: Reach | None = None) -> Answer:
    session = WebSession() if reach is None else WebSession(reach=reach)
    return session.send("GET", url, limits=Limits(seconds=20, most=most, redirects=redirects))


def redirecting(target: str, code: int = 302) -> Callable[[socket.socket, str], None]:
    def behave(line: socket.socket, head: str) -> None:
        if head.startswith("GET /start"):
            text = f"HTTP/1.1 {code} Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
            line.sendall(text.encode())
        else:
            line.sendall(whole(b"there"))

    return behave


def test_a_redirect_is_an_answer_unless_it_may_be_followed(raw_server: RawServer) -> None:
    raw_server.behave = redirecting("/there")
    answer = get(f"{raw_server.url}/start")
    assert (answer.status, answer.ok) == (302, False)
    followed = get(f"{raw_server.url}/start", redirects=1)
    assert (followed.content, followed.url) == (b"there", f"{raw_server.url}/there")


@pytest.mark.parametrize("target", ["/there", "http://[bad/x"])
def test_the_body_of_a_redirect_is_bounded_too(raw_server: RawServer, target: str) -> None:
    """requests itself would take all of it in, decompressed, before it hands the answer over."""
    bomb = gzip.compress(b" " * 64 * 1024 * 1024)
    head = (
        f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(bomb)}\r\n\r\n"
    )
    raw_server.behave = lambda line, _: line.sendall(head.encode() + bomb)
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        get(f"{raw_server.url}/start", most=1_000_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 32 * 1024 * 1024


def test_redirects_in_a_circle_end(raw_server: RawServer) -> None:
    raw_server.behave = redirecting("/start")
    assert get(f"{raw_server.url}/start", redirects=5).status == 302
    assert len(raw_server.heard) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[bad/x", "//[/x"])
def test_a_redirect_to_no_web_address_is_refused(raw_server: RawServer, target: str) -> None:
    raw_server.behave = redirecting(target)
    with pytest.raises(requests.RequestException):
        get(f"{raw_server.url}/start", redirects=5)


@pytest.mark.parametrize("carried", ["key", "json"])
def test_what_is_carried_is_never_redirected(raw_server: RawServer, carried: str) -> None:
    auth = requests.auth.HTTPBasicAuth("a", "b") if carried == "key" else None
    body = {"a": 1} if carried == "json" else None
    raw_server.behave = redirecting("/there")
    session = WebSession(auth=auth)
    url = f"{raw_server.url}/start"
    with pytest.raises(AssertionError):
        session.send("GET", url, json=body, limits=Limits(seconds=20, redirects=1))
    assert session.send("GET", url, json=body, limits=SHORT).status == 302
    assert len(raw_server.heard) == 1


def test_an_address_within_is_refused_before_anything_is_sent(raw_server: RawServer) -> None:
    reach = Reach.outside("https://social.example", lambda host: ("203.0.113.1",))
    assert not reach.allows("127.0.0.1")
    with pytest.raises(ForbiddenAddressError, match="private network"):
        get(raw_server.url, reach=reach)
    assert raw_server.connections == 0


def test_a_redirect_within_is_refused(raw_server: RawServer) -> None:
    raw_server.behave = redirecting("http://169.254.169.254/latest/meta-data/")
    reach = Reach.outside(raw_server.url)  # a server on this machine: that much is allowed
    assert get(f"{raw_server.url}/there", reach=reach).content == b"there"
    with pytest.raises(ForbiddenAddressError):
        get(f"{raw_server.url}/start", redirects=5, reach=reach)


def test_through_a_proxy_an_address_within_is_refused_as_well(
    raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw_server.behave = lambda line, head: line.sendall(whole(b"from the proxy"))
    monkeypatch.setenv("http_proxy", raw_server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    reach = Reach.outside("https://social.example", lambda host: ("93.184.215.14",))
    # The proxy itself stands on this machine, which is the operator's choice.
    assert get("http://93.184.215.14/", reach=reach).content == b"from the proxy"
    with pytest.raises(ForbiddenAddressError):
        get("http://10.0.0.1/", reach=reach)
    assert len(raw_server.heard) == 1


def test_no_cookie_is_kept_and_no_netrc_is_read(
    raw_server: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    raw_server.behave = lambda line, head: line.sendall(whole(b"{}", "Set-Cookie: a=b"))
    session = WebSession()
    for _ in range(2):
        session.send("GET", raw_server.url, limits=SHORT)
    text = "".join(raw_server.heard).lower()
    assert "cookie" not in text
    assert "authorization" not in text


def test_a_name_that_is_none_is_a_failed_request() -> None:
    for url in ("http://no-such-host.invalid/", f"http://{'a' * 70}.example/", "http://a..b/"):
        with pytest.raises(requests.RequestException):
            get(url)


def test_a_requests_own_header_takes_the_sessions_place(raw_server: RawServer) -> None:
    raw_server.behave = lambda line, head: line.sendall(whole(b"{}", "Set-Cookie: a=b"))
    session = WebSession(headers={"Accept": "application/json", "User-Agent": "alternator"})
    session.send("GET", raw_server.url, headers={"accept": "*/*"}, limits=Limits(seconds=20))
    session.send("GET", raw_server.url, limits=Limits(seconds=20))
    heads = [head.lower() for head in raw_server.heard]
    assert ["accept: */*" in head for head in heads] == [True, False]
    assert ["accept: application/json" in head for head in heads] == [False, True]
    assert all("user-agent: alternator" in head and "cookie:" not in head for head in heads)


@pytest.mark.threat("T1")
def test_a_name_that_leads_outside_first_and_inside_then_is_refused(
    raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was looked up to judge a name is not what is connected to afterwards."""
    port = int(raw_server.url.rpartition(":")[2])
    answers = iter(["93.184.215.14", *["127.0.0.1"] * 9])

    def looked_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    reach = Reach.outside("https://social.example", lambda host: ("93.184.215.14",))
    assert reach.allows_name("rebinding.example")  # whoever judged it by this was deceived
    with pytest.raises(ForbiddenAddressError):
        get(f"http://rebinding.example:{port}/", reach=reach)
    assert raw_server.connections == 0


@pytest.mark.threat("T1")
def test_a_name_with_several_addresses_inside_is_refused(
    raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(raw_server.url.rpartition(":")[2])
    there = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    reach = Reach.outside("https://social.example", lambda host: ("93.184.215.14",))
    with pytest.raises(ForbiddenAddressError):
        get("http://several.example/", reach=reach)
    assert raw_server.connections == 0


@pytest.mark.threat("T4")
@pytest.mark.parametrize("encodings", ["gzip", "gzip, gzip", "deflate", "deflate, gzip"])
def test_a_body_that_unpacks_to_gigabytes_is_given_up_within_bounds(
    raw_server: RawServer, encodings: str
) -> None:
    packed = bytes(64 << 20)
    for encoding in encodings.split(", "):
        packed = gzip.compress(packed) if encoding == "gzip" else zlib.compress(packed)
    raw_server.behave = lambda line, head: line.sendall(
        whole(packed, f"Content-Encoding: {encodings}")
    )
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            get(raw_server.url, most=1 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < (32 << 20), f"{peak >> 20} MiB were held of a body of at most 1"


@pytest.mark.threat("T4")
def test_no_packing_is_asked_for_that_is_not_bounded(raw_server: RawServer) -> None:
    raw_server.behave = lambda line, head: line.sendall(whole(b"x"))
    get(raw_server.url)
    (head,) = raw_server.heard
    (accepted,) = re.findall(r"(?im)^accept-encoding: (.*?)\r?$", head)
    assert set(accepted.split(", ")) <= {"gzip", "deflate"}
