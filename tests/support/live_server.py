"""A server in a process of its own, as users run it, and a run folder that costs no training."""

import asyncio
import contextlib
import dataclasses
import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.recipes import RECIPES
from mnistlab.runs.folders import begin
from mnistlab.runs.run import REQUIRED_METRICS, history_csv, write_manifest
from mnistlab.server.app import create_app
from mnistlab.server.settings import Settings
from mnistlab.system.files import write_json, write_text

START = """
import pathlib
from mnistlab.server import serving
from mnistlab.server.settings import Settings

{prelude}
settings = Settings(runs=pathlib.Path({runs!r}), **{limits!r})
serving.serve(settings, serving.listen("127.0.0.1", 0), lambda started: print(started.port, flush=True))
"""


@contextlib.contextmanager
def live_server(runs: Path | str = "no-runs", *, prelude: str = "", **limits: Any) -> Iterator["LiveServer"]:
    """Starts a server with other limits than usual, after some lines of code; ends it."""
    code = START.format(runs=str(runs), limits=limits, prelude=prelude)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline()
        assert port, process.stderr.read()
        yield LiveServer(process, int(port))
    finally:
        process.kill()
        process.communicate()


class Client:
    """Asks an application without a network between."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
        self._runner, self._client = runner, client

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **request))

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.request("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.request("POST", path, **request)


@contextlib.contextmanager
def client_of(settings: Settings, base_url: str = "http://127.0.0.1:8028") -> Iterator[Client]:
    """A client of an application in this process, between its start and its end."""
    app = create_app(settings)
    with asyncio.Runner() as runner:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        try:
            yield Client(runner, client)
        finally:
            runner.run(lifespan.__aexit__(None, None, None))
            runner.run(client.aclose())


@dataclasses.dataclass
class LiveServer:
    process: "subprocess.Popen[str]"
    port: int

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, body: object) -> tuple[int, dict[str, str], bytes]:
        return self.ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
        finally:
            connection.close()


def finished_run(
    folder: Path, *, test_accuracy: float = 0.9875, seed: int = 0, network: Path = PRETRAINED_PATH
) -> Path:
    """A run folder as a training leaves it, around a network that ships."""
    recipe = dataclasses.replace(RECIPES["cnn"], seed=seed)
    folder.mkdir(parents=True)
    begin(folder, recipe, {"name": "MNIST", "fingerprint": "0" * 64})
    write_text(folder / "history.csv", history_csv([{"epoch": 1, "loss": 0.5, "accuracy": 0.9}]))
    write_json(folder / "environment.json", {})
    (folder / "model.keras").write_bytes(b"not read here")
    shutil.copyfile(network, folder / "model.onnx")
    figures = dict.fromkeys(REQUIRED_METRICS, 1) | {"model": "cnn", "recipe": "cnn", "epoch_seconds": [1.0]}
    write_json(folder / "metrics.json", figures | {"test_accuracy": test_accuracy, "num_parameters": 597_738})
    write_manifest(folder)
    return folder
