"""Form names and values as Rails reads them."""

import pytest

from sandbox.params import flag, nest


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
