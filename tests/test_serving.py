"""Does the server keep the app to itself, send its files small, and say how it is without a word on its visitors?"""

import asyncio
import gzip
import json
import re
from pathlib import Path

import pytest
import streamlit
from served import Workers

from simulator import load_scenario
from simulator.panels import jobs, serving
from simulator.run import Request

FILES = Path(streamlit.__file__).parent / "static"


async def behind(scope, receive, send):
    """What stands behind: an answer with a header of its own."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"ALLOW")]})
    await send({"type": "http.response.body", "body": b"behind"})


def answer(app, path="/", headers=(), method="GET"):
    """Status, headers and body of an answer."""
    heard = []

    async def send(message):
        heard.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    raw = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
    asyncio.run(app(scope, receive, send))
    start = next(message for message in heard if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in heard if message["type"] == "http.response.body")
    return start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}, body


def test_every_answer_carries_the_headers_and_the_policy_names_no_other_host():
    status, headers, body = answer(serving.Guarded(behind))
    assert (status, body) == (200, b"behind")
    for name, value in serving.HEADERS.items():
        assert headers[name.lower()] == value
    assert not re.search(r"https?:|//|\*|'unsafe-eval'", serving.POLICY)
    assert "frame-ancestors 'none'" in serving.POLICY and "default-src 'self'" in serving.POLICY


def test_scripts_and_styles_are_sent_small_and_whole():
    script = max((FILES / "static/js").glob("index*.js"), key=lambda path: path.stat().st_size)
    path = f"/static/js/{script.name}"
    status, headers, body = answer(serving.Compressed(behind), path, [("accept-encoding", "gzip, br")])
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(body) == script.read_bytes() and len(body) < script.stat().st_size / 2
    assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize(
    "path, headers, method",
    [
        ("/static/js/index.js", (), "GET"),
        ("/static/js/none.js", [("accept-encoding", "gzip")], "GET"),
        ("/static/../../config.py", [("accept-encoding", "gzip")], "GET"),
        ("/static//etc/passwd", [("accept-encoding", "gzip")], "GET"),
        ("/app/static/fonts/NotoSans-Bold.woff2", [("accept-encoding", "gzip")], "GET"),
        ("/", [("accept-encoding", "gzip")], "GET"),
    ],
)
def test_everything_else_is_passed_on(path, headers, method):
    assert answer(serving.Compressed(behind), path, headers, method)[2] == b"behind"


def test_the_page_of_health_tells_of_work_and_of_nobody(monkeypatch, tmp_path):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    workers = Workers()
    service = jobs.Service(1, workers.process)
    monkeypatch.setattr(jobs, "_service", service)
    service.ask("someone", [Request.of(load_scenario("baseline"), seed) for seed in range(3)])
    found = json.loads(serving.health(None).body)
    assert found["status"] == "ok" and found["workers"] == found["busy"] == 1
    assert (found["visitors_waiting"], found["runs_waiting"]) == (1, 2)
    assert "someone" not in json.dumps(found)


def test_the_first_page_is_found_by_its_name():
    scope = {"type": "http", "method": "GET", "path": "/futures", "headers": [], "query_string": b"lang=km&s=a~b"}
    there = serving.home(serving.Request(scope))
    assert (there.status_code, there.headers["location"]) == (307, "./?lang=km&s=a~b")
    assert serving.home(serving.Request(scope | {"query_string": b""})).headers["location"] == "./"
