"""The verdict of the device nodes alone."""

from cards import node

from probe.detect.evidence import Verdict, closed_nodes
from probe.findings.gpu import NodeClosed

OPEN = node("/dev/kfd", group=993, open_to_all=False)  # this user is in the group


def test_nodes_that_open_are_no_reason() -> None:
    assert closed_nodes([]) is None
    assert closed_nodes([OPEN]) is None


def test_the_first_closed_node_is_named_with_the_groups_of_all() -> None:
    closed = [
        node(f"/dev/dri/renderD{minor}", group=group, open_to_all=False, usable=False)
        for minor, group in ((128, 105), (129, 44), (130, 44))
    ]
    assert closed_nodes([OPEN, *closed]) == Verdict(
        state="present", why=NodeClosed(path="/dev/dri/renderD128", groups=(44, 105))
    )
