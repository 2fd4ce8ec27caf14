"""The lock format: what is written is what is read, and a damaged file is named with its line."""

from pathlib import Path

import pytest

from probe.universal.lock import (
    Entry,
    LaterLockError,
    Lock,
    LockError,
    parse,
    pin,
    read,
    render,
)

LOCK = Lock(
    build="cuda-2.13.0-cu130",
    platform="cp311 x86_64",
    inputs="0123",
    packages=(
        Entry(name="Mastodon.py", version="2.3.3", hashes=("a" * 64, "b" * 64), size=12),
        Entry(name="torch", version="2.13.0", hashes=("c" * 64,)),
    ),
    source=(Entry(name="openai-whisper", version="20250625", hashes=("d" * 64,), size=3),),
    tools=(Entry(name="setuptools", version="84.2.1", hashes=("e" * 64,)),),
)


def test_what_is_written_is_read() -> None:
    assert parse(render(LOCK)) == LOCK


def test_open_entries_are_comments_to_pip() -> None:
    waiting = Lock(
        build="cpu-2.13.0-cpu",
        platform="cp311 x86_64",
        inputs="0",
        open=(Entry(name="torch", version="2.13.0+cpu", hashes=()),),
    )
    text = render(waiting)
    assert all(line.startswith("# ") for line in text.splitlines() if line)
    assert parse(text) == waiting


def test_an_untagged_torch_is_no_other_build() -> None:
    assert pin("torch", "2.13.0") == "torch===2.13.0"
    assert pin("torch", "2.13.0+cpu") == "torch==2.13.0+cpu"


def test_the_digest_follows_what_is_installed_and_nothing_else() -> None:
    same = parse(render(LOCK).replace("12 bytes", "13 bytes").replace("inputs: 0123", "inputs: 1"))
    other = parse(render(LOCK).replace("c" * 64, "f" * 64))
    assert same.digest == LOCK.digest
    assert other.digest != LOCK.digest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# build: cuda-2.13.0-cu130\n", "", "no build line"),
        (f" \\\n    --hash=sha256:{'c' * 64}", "", "no hash of torch"),
        ("--hash=sha256:c", "--hash=md5:c", r"lock:13: '    --hash=md5"),
        ("torch===2.13.0", "torch>=2.13.0", r"lock:12: 'torch>=2.13.0"),
        ("# [source]", "# [sources]", r"lock:15: \[sources\] is no part of a lock"),
        ("# [build]", "# [source]", r"lock:19: \[source\] is no part of a lock, or a second one"),
        ("# [build] builds the above; not shipped\n", "", "4 entries|no part .build."),
        ("# entries: 4", "# entries: 5", "4 entries where its head says 5"),
        ("# entries: 4\n", "", "no entries line"),
        ("installed as well; no index could be asked for its hash\n", "x\n# torch\n", "lock:24: "),
    ],
)
def test_a_damaged_lock_is_refused_with_the_place(old: str, new: str, message: str) -> None:
    text = render(LOCK)
    assert old in text
    with pytest.raises(LockError, match=message):
        parse(text.replace(old, new))


def test_a_lock_that_is_cut_short_is_no_lock() -> None:
    """Wherever it ends before its last heading: half a line, a line, an entry, a part."""
    text = render(LOCK)
    for end in range(text.index("# [open]") + len("# [open")):
        with pytest.raises(LockError):
            parse(text[:end])


def test_a_lock_of_the_first_format_is_refused() -> None:
    """Its open torch stood for everything that torch requires."""
    text = render(LOCK).replace("# format: 2\n", "")
    for first in (text, "# format: 1\n" + text):
        with pytest.raises(LockError, match="a lock of format 1, which is not read any more"):
            parse(first)


def test_a_lock_of_a_later_format_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cuda.lock"
    path.write_text(render(LOCK).replace("# format: 2", "# format: 3"))
    message = r"cuda\.lock: a lock of format 3, and this version reads format 2; use the version"
    with pytest.raises(LaterLockError, match=message):
        read(path)
    assert not issubclass(LaterLockError, LockError), "`make lock` would write over it"


def test_every_committed_lock_is_read() -> None:
    files = sorted(Path(__file__).parents[3].glob("images/*/*.lock"))
    assert files
    for file in files:
        lock = read(file)
        assert file.name.startswith(f"{lock.build}."), file


def test_a_missing_lock_is_named(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"nothing\.lock: No such file"):
        read(tmp_path / "nothing.lock")
