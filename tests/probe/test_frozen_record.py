"""Records behave as frozen dataclasses do."""

import copy

import pytest

from probe.frozen_record import Record, replace


class Card(Record):
    name: str
    memory_mib: int = 0
    targets: tuple[str, ...] = ()

    @property
    def large(self) -> bool:
        return self.memory_mib > 1024


class Slice(Card):
    parent: str


def test_fields_and_defaults():
    card = Card(name="A", memory_mib=2048)
    assert (card.name, card.memory_mib, card.targets, card.large) == ("A", 2048, (), True)
    assert vars(card) == {"name": "A", "memory_mib": 2048, "targets": ()}
    assert Card.memory_mib == 0


def test_repr_is_how_it_was_made():
    card = Card(targets=("x",), name="A")
    assert repr(card) == "Card(name='A', memory_mib=0, targets=('x',))"
    assert eval(repr(card)) == card


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param({}, "name", id="missing"),
        pytest.param({"name": "A", "size": 1}, "size", id="unknown"),
        pytest.param({"size": 1}, "name, size", id="both"),
        pytest.param({"name": "A", "large": True}, "large", id="a property is no field"),
        pytest.param({"name": "A", "_fields": {}}, "_fields", id="our own names"),
    ],
)
def test_wrong_fields_are_named(values, named):
    with pytest.raises(TypeError, match=f"^Card: unknown or missing: {named}$"):
        Card(**values)


def test_fields_have_no_position():
    with pytest.raises(TypeError):
        Card("A")  # type: ignore[call-arg]  # the point of the test


def test_frozen():
    card = Card(name="A")
    with pytest.raises(AttributeError, match=r"Card\.name is frozen"):
        card.name = "B"  # type: ignore[misc]  # the point of the test
    with pytest.raises(AttributeError, match=r"Card\.other is frozen"):
        card.other = "B"  # type: ignore[assignment]  # the point of the test
    with pytest.raises(AttributeError, match=r"Card\.name is frozen"):
        del card.name
    assert card == Card(name="A")


def test_equal_by_value_and_class():
    class Twin(Record):
        name: str
        memory_mib: int = 0
        targets: tuple[str, ...] = ()

    assert Card(name="A") == Card(name="A", memory_mib=0)
    assert Card(name="A") != Card(name="B")
    assert Card(name="A") != Twin(name="A")
    assert Card(name="A") != "A"
    assert len({Card(name="A"), Card(name="A"), Card(name="B")}) == 2


def test_unhashable_where_a_field_is():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Card(name="A", targets=["x"]))  # type: ignore[arg-type]  # the point of the test


def test_replace_leaves_the_original():
    card = Card(name="A", memory_mib=1)
    assert replace(card, memory_mib=2) == Card(name="A", memory_mib=2)
    assert card.memory_mib == 1
    with pytest.raises(TypeError, match="size"):
        replace(card, size=1)


def test_a_subclass_adds_fields():
    piece = Slice(name="A", parent="B")
    assert vars(piece) == {"name": "A", "memory_mib": 0, "targets": (), "parent": "B"}
    assert type(replace(piece, name="C")) is Slice
    with pytest.raises(TypeError, match="parent"):
        Slice(name="A")  # type: ignore[call-arg]  # the point of the test


def test_a_default_that_could_change_is_refused():
    with pytest.raises(TypeError, match=r"Shared\.names: all records would share this default"):

        class Shared(Record):
            names: list[str] = []  # noqa: RUF012 - as ours says


def test_copies():
    card = Card(name="A", targets=("x",))
    assert copy.deepcopy(card) == copy.copy(card) == card
