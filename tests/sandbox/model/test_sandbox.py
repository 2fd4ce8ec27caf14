"""All parts of one server, and its first day."""

from sandbox.control.faults import Fault
from sandbox.control.request_log import Entry
from sandbox.model.records import DEMO_ACCOUNT
from sandbox.model.sandbox import Sandbox
from sandbox.model.status_params import PostParams
from sandbox.settings import Settings


def test_reset_leaves_nothing(tmp_path):
    sandbox = Sandbox(tmp_path, Settings())
    sandbox.posting.create(DEMO_ACCOUNT, PostParams(text="x"))
    sandbox.faults.add(Fault(path="*"))
    sandbox.limits.exhaust("a", 60)
    sandbox.switches.streaming = False
    sandbox.request_log.add(
        Entry(method="GET", path="/", query={}, content_type="", authorized=False, at=0.0)
    )
    sandbox.reset()
    assert sandbox.store.statuses == {}
    assert sandbox.faults.as_json() == []
    assert sandbox.request_log.find() == []
    assert sandbox.limits.spend("a", "GET", "/")[0]
    assert sandbox.switches.streaming
