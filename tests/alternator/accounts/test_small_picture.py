"""What is kept of small pictures; that they are made is tested where they are shown."""

from collections import OrderedDict

from alternator.accounts.small_picture import remember


def test_what_was_not_asked_for_the_longest_is_dropped():
    kept: OrderedDict[str, int] = OrderedDict()
    for number, name in enumerate("abc"):
        remember(kept, name, number, 2)
    assert list(kept) == ["b", "c"]
