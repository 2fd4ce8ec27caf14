"""Form names and values as Rails reads them."""

import pytest

from sandbox.errors import RefusedError
from sandbox.params import Params, flag, nest


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("a", "1"), ("b", "2")], {"a": "1", "b": "2"}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[b]", "1"), ("a[c][]", "2")], {"a": {"b": "1", "c": ["2"]}}),
        (
            [("m[][id]", "1"), ("m[][text]", "x"), ("m[][id]", "2"), ("m[][text]", "y")],
            {"m": [{"id": "1", "text": "x"}, {"id": "2", "text": "y"}]},
        ),
    ],
)
def test_names_become_nested_values(pairs, expected):
    assert nest(pairs) == expected


@pytest.mark.parametrize("value", ["true", "1", "on", True, "yes"])
def test_yes(value):
    assert flag(value) is True


@pytest.mark.parametrize("value", ["false", "0", "off", "F", "", None, False])
def test_no(value):
    assert flag(value) is False


@pytest.mark.parametrize("body", ["{", "[]", "1"])
def test_json_that_is_no_object_is_400(api, body):
    headers = {"Content-Type": "application/json"}
    response = api("POST", "/api/v1/statuses", data=body, headers=headers)
    assert response.status_code == 400
    assert "error" in response.json()


@pytest.mark.parametrize(("sent", "expected"), [("false", False), ("true", True), ("0", False)])
def test_form_edit_reads_booleans(api, server, sent, expected):
    status = server.post("x", sensitive=True)
    form = {"status": "y", "sensitive": sent}
    edited = api("PUT", f"/api/v1/statuses/{status['id']}", data=form).json()
    assert edited["sensitive"] is expected


@pytest.mark.parametrize("names", [("a", "a[b]"), ("a", "a[]"), ("a[]", "a[b]"), ("a[b]", "a[]")])
def test_names_that_contradict_each_other_are_400(names):
    with pytest.raises(RefusedError) as refusal:
        nest([(name, "1") for name in names])
    assert refusal.value.status == 400


def test_values_of_another_type_count_as_missing():
    params = Params(values={"a": "x", "list": ["b", {"c": 1}], "none": None, "big": "1e999"})
    assert (params.texts("a"), params.group("a"), params.groups("a")) == ((), None, [])
    assert params.texts("list") == ("b", "{'c': 1}")
    assert params.groups("list") == [Params(values={"c": 1})]
    assert (params.text("none"), "none" in params, "other" in params) == (None, True, False)
    assert (params.number("a", 7), params.number("list", 7), params.number("other", 7)) == (7, 7, 7)
    assert (params.seconds("a"), params.seconds("big"), params.seconds("none")) == (None,) * 3
    assert (params.file("a"), params.json("list")) == (None, ["b", {"c": 1}])
