"""What both servers are asked by tests, over HTTP."""

import pytest

STATUSES = "/api/v1/statuses"


def test_health(api):
    assert api("GET", "/sandbox/health").json() == {"ok": True}


def test_requests_are_searched_by_method_and_path(api, server):
    status_id = api("POST", STATUSES, json={"status": "x"}).json()["id"]
    api("GET", f"{STATUSES}/{status_id}")
    found = api("GET", f"/sandbox/requests?method=get&path={STATUSES}/*").json()
    assert [entry["path"] for entry in found] == [f"{STATUSES}/{status_id}"]
    assert server.requests("GET", f"{STATUSES}/*") == found
    api("DELETE", "/sandbox/requests")
    assert server.requests() == []


def test_faults_are_listed_and_cleared(api):
    fault = {"path": "/api/*", "times": None, "status": 500, "body": {"error": "Boom"}}
    (listed,) = api("POST", "/sandbox/faults", json=fault).json()
    assert fault.items() <= listed.items()
    assert api("GET", "/sandbox/faults").json() == [listed]
    assert {api("GET", STATUSES).json()["error"] for _ in range(3)} == {"Boom"}
    assert api("DELETE", "/sandbox/faults").json() == []
    assert api("GET", f"{STATUSES}/1").status_code == 404


@pytest.mark.parametrize("fault", [{"status": 500}, {"path": "/", "colour": "red"}])
def test_fault_that_is_none_is_422(api, fault):
    response = api("POST", "/sandbox/faults", json=fault)
    assert response.status_code == 422
    assert "fault" in response.json()["error"]
