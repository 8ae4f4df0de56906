"""Broken requests in JSON, each a function of its number, so that any of them can be made again.

They begin as requests that the server would answer. Then values become invalid, or the text stops being JSON.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.material.odd_pictures import Random, cut_out, double, flip_bits, insert, set_bytes, truncate

IMAGE = base64.b64encode(bytes(range(196)) * 4).decode()
REQUESTS: dict[str, dict[str, Any]] = {
    "/api/classify": {"image": IMAGE, "networks": ["shipped"]},
    "/api/activations": {"image": IMAGE, "network": "shipped"},
    "/api/occlusion": {"image": IMAGE, "network": "shipped", "size": 7, "step": 4},
    "/api/recipes/code": {"recipe": "mlp", "epochs": 1, "learning_rate": 0.001, "augmentation": False, "seed": 0},
    # There is no recipe of this name; otherwise some requests would start a training run.
    "/api/runs": {"recipe": "mp", "epochs": 1, "batch_size": 128, "learning_rate": 0.001, "augmentation": False,
                  "seed": 0, "name": "a-run"},
    "/api/runs/a-run/stop": {},
    "/api/runs/a-run/resume": {},
}  # fmt: skip
ODD: tuple[Callable[[], Any], ...] = (
    *(lambda: None, lambda: True, lambda: 0, lambda: -1, lambda: 10**30, lambda: 2**63, lambda: 0.5, lambda: 1e308),
    *(lambda: float("nan"), lambda: float("inf"), lambda: "", lambda: "shipped", lambda: "../../etc/passwd"),
    *(lambda: "\ud800", lambda: "\x00", lambda: "é" * 300, lambda: "a" * 30_000, lambda: [], lambda: {}, lambda: [[]]),
    *(lambda: [None] * 2000, lambda: {"": ""}, lambda: {"__class__": "x"}, lambda: IMAGE, lambda: [IMAGE, IMAGE]),
    *(
        lambda: IMAGE[:-1],
        lambda: IMAGE + "AAAA",
        lambda: IMAGE[:-4],
        lambda: IMAGE.replace("A", "-"),
        lambda: "=" * 1048,
    ),
    *(lambda: " " + IMAGE, lambda: IMAGE[:500] + "\n" + IMAGE[500:], lambda: "ä" + IMAGE[1:], lambda: IMAGE[:-1] + "A"),
    *(lambda: ["shipped"] * 7, lambda: ["shipped-mlp", "nothing"], lambda: "a" * 64, lambda: "a" * 65, lambda: "-"),
)


def change_value(request: dict[str, Any], rng: Random) -> bytes:
    """Changes, removes or adds one to three values."""
    for _ in range(int(rng.integers(1, 4))):
        name = str(rng.choice([*request, "more", "__proto__", "", "a" * 5000]))
        if rng.random() < 0.15:
            request.pop(name, None)
        else:
            request[name] = ODD[int(rng.integers(len(ODD)))]()
    return json.dumps(request).encode()


def change_text(request: dict[str, Any], rng: Random) -> bytes:
    """Damages the text as pictures are damaged."""
    damage = (flip_bits, set_bytes, truncate, cut_out, double, insert)[int(rng.integers(6))]
    return damage(json.dumps(request).encode() or b"{}", rng)


def odd_text(request: dict[str, Any], rng: Random) -> bytes:
    """Writes other encodings, very long numbers, repeated names, comments or deep nesting."""
    text = json.dumps(request)
    depth = int(rng.choice([50, 1000, 20_000]))
    return (
        *(text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-32-le")),
        b"\xff\xfe" + text.encode(),
        *(text.replace("s", "\udcff").encode("utf-8", "surrogateescape"), text.encode() + b"\0", text.encode() * 2),
        *(b"[" * depth, b"[" * depth + b"]" * depth, b'{"image":' * depth),
        b'{"image":' * (depth // 2) + b"}" * depth,
        *(text.replace("7", "9" * 5000).encode(), text.replace("1", "1e99999").encode()),
        text.replace("0", "-0").encode(),
        *(text.replace("}", ",}").encode(), text.replace("{", "{/* */").encode(), b"", b" " * 60_000, b"null", b'"a"'),
        text.replace("{", '{"image":"","image":1,').encode(),
        *(b"7" * 60_000, b"{}" + b" " * 100_000, rng.bytes(2000)),
    )[int(rng.integers(24))]


def deep_value(request: dict[str, Any], rng: Random) -> bytes:
    """Replaces a value by deeply nested lists or objects, or by a very long list."""
    name = str(rng.choice([*request, "more"]))
    depth = int(rng.choice([10, 900, 10_000]))
    inside = ("[" * depth + "]" * depth, '{"a":' * (depth // 2) + "1" + "}" * (depth // 2), "[" + "0," * depth + "0]")
    return json.dumps(request | {name: "@"}).replace('"@"', inside[int(rng.integers(3))]).encode()


BODY_MUTATIONS = (change_value, change_value, change_text, odd_text, deep_value)


def body(number: int) -> tuple[str, str, bytes, dict[str, str]]:
    """Makes a broken request: what was done to it, its route, its body and its headers."""
    rng = np.random.default_rng([2, number])
    route = list(REQUESTS)[number % len(REQUESTS)]
    mutation = BODY_MUTATIONS[int(rng.integers(len(BODY_MUTATIONS)))]
    content = mutation(dict(REQUESTS[route]), rng)
    kind = "application/json"
    if rng.random() < 0.05:
        kind = str(
            rng.choice(["application/json; charset=utf-16", "text/plain", "", "application/x-www-form-urlencoded"])
        )
    headers = {"Content-Type": kind}
    if rng.random() < 0.02:
        headers["Content-Encoding"] = "gzip"
    return mutation.__name__, route, content, headers
