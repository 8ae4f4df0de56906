"""`mnistlab serve` as users run it: it answers soon, says where, refuses in a sentence, and ends in order."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from mnistlab.server.settings import Settings
from processes import child_cpu_seconds, run_mnistlab


@pytest.fixture
def serve():
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "mnistlab", "serve", "--port", "0", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ | {"BROWSER": "echo"})
        started.append(process)
        return process, process.stdout.readline()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_says_where_and_answers_there(serve):
    before = child_cpu_seconds()
    process, line = serve()
    port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/  Ctrl-C ends it\.\n", line)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/api/health")
    assert connection.getresponse().read() == b'{"status":"ok"}'
    connection.close()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=300)
    assert (process.returncode, out, errors) == (0, "", "")
    assert child_cpu_seconds() - before < 10  # until it answers, benchmarks/measure/serving.py measures


def test_beyond_this_machine_it_makes_a_token(serve):
    _, line = serve("--host", "0.0.0.0")
    host, port, token = re.fullmatch(r"http://([\w.-]+):(\d+)/#token=([\w-]{32})  Ctrl-C ends it\.\n", line).groups()
    assert host not in ("0.0.0.0", "127.0.0.1", "localhost")
    for given, status in ((None, 401), ("x" * 32, 401), (token, 200)):
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        connection.request("GET", "/api/health", headers={"Authorization": f"Bearer {given}"} if given else {})
        assert connection.getresponse().status == status
        connection.close()


def test_a_token_can_be_chosen_and_the_browser_opened(serve):
    process, line = serve("--token", "a-token-of-my-own", "--open")
    assert "/#token=a-token-of-my-own  " in line
    assert process.stdout.readline() == line.split()[0] + "\n"  # what the browser was called with


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_mnistlab("serve", "--port", str(port))
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith(f"Port {port} of 127.0.0.1 cannot be used: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", "no such host"), "is not an address of this machine"),
        (("--host", "192.0.2.1"), "is not an address of this machine"),
        (("--token", "short"), "16 to 128"),
        (("--port", "65536"), "65536"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(arguments, said):
    result = run_mnistlab("serve", *arguments)
    assert result.returncode == 2 and said in result.stderr and result.stderr.count("\n") == 1


def test_no_request_imports_keras():
    code = """
import asyncio, sys, httpx
from mnistlab.server.app import create_app
from mnistlab.server.settings import Settings

async def ask():
    transport = httpx.ASGITransport(create_app(Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8028") as client:
        for path in ("/api/networks", "/api/networks/shipped/filters", "/api/openapi.json"):
            assert (await client.get(path)).status_code == 200

asyncio.run(ask())
slow = {"keras", "tensorflow", "jax", "torch", "matplotlib", "skimage", "scipy"} & set(sys.modules)
sys.exit(f"imported {slow}" if slow else 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_limits_are_those_that_are_promised():
    settings = Settings()
    assert settings.max_photo_bytes == 5_000_000 and settings.header_seconds < 10 and settings.body_seconds < 30
    assert settings.host == "127.0.0.1" and settings.token is None
