"""Reading below a root: bounded, and what can't be read is not there."""

import os

from probe.machine.files import READ_CAP, Tree


def test_a_root_stands_for_the_machine(tmp_path):
    (tmp_path / "sys").mkdir()
    (tmp_path / "sys" / "vendor").write_text("0x10de\n")
    tree = Tree(tmp_path)
    assert tree.read("/sys/vendor") == "0x10de\n"
    assert tree.at("/sys/vendor") == f"{tmp_path}/sys/vendor"
    assert Tree().at("/sys") == "/sys"
    assert tree.exists("/sys") and not tree.exists("/proc")


def test_a_file_without_end_is_cut_off(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * (READ_CAP + 10))
    assert len(Tree(tmp_path).read("/long") or "") == READ_CAP
    assert len(Tree("/").read("/dev/zero") or "") == READ_CAP


def test_what_can_not_be_read_is_not_there(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    tree = Tree(tmp_path)
    assert tree.read("/link") is None
    assert tree.read("/") is None
    assert tree.read("/a\0b") is None
    assert tree.read("/pipe") == ""
    assert tree.names("/link") == []
    assert tree.node("/link") is None


def test_only_the_named_files_that_are_there(tmp_path):
    (tmp_path / "a").write_text("1")
    assert Tree(tmp_path).read_all("/", ("a", "b")) == {"a": "1"}


def test_names_match_as_a_whole_and_are_sorted(tmp_path):
    for name in ("card1", "card0", "card0-HDMI", "renderD128"):
        (tmp_path / name).touch()
    assert Tree(tmp_path).names("/", r"card\d+") == ["card0", "card1"]


def test_a_node_says_who_may_open_it(tmp_path):
    path = tmp_path / "kfd"
    path.touch()
    path.chmod(0o666)
    node = Tree(tmp_path).node("/kfd")
    assert node is not None
    assert (node.path, node.open_to_all, node.usable) == ("/kfd", True, True)
    assert node.group == path.stat().st_gid
    path.chmod(0o660)
    node = Tree(tmp_path).node("/kfd")
    assert node is not None
    assert node.open_to_all is False
