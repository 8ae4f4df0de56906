"""Other web pages, other hosts and odd paths get nothing; the token and the headers are where they must be."""

import asyncio
import itertools
import json
import random
import socket
import urllib.parse

import pytest

from live_server import client_of, finished_run, live_server
from mnistlab.server.app import create_app
from mnistlab.server.http.security import HEADERS, host_names
from mnistlab.server.http.static import load_assets
from mnistlab.server.settings import Settings

OURS = ("localhost:8028", "127.0.0.1:8028", "[::1]:8028", "LOCALHOST:8028")
FOREIGN_HOSTS = (
    *("evil.example:8028", "evil.example", "localhost", "127.0.0.1", "localhost:80", "127.0.0.1:8029", "[::1]"),
    *("127.0.0.1.evil.example:8028", "localhost.evil.example:8028", "127.0.0.1:8028@evil.example", "localhost.:8028"),
    *("", ":8028", "127.1:8028", "2130706433:8028", "0.0.0.0:8028", "[::]:8028", "localhost:08028", "192.168.1.7:8028"),
)
FOREIGN_ORIGINS = (
    *("null", "http://evil.example", "https://{host}", "http://{host}.evil.example", "http://localhost", "file://"),
    *("http://localhost:3000", "http://{host}/", "http://evil.example:8028", "chrome-extension://abcdef", ""),
)
SECRET = "what nobody may read"


@pytest.fixture(scope="module")
def client():
    with client_of(Settings()) as made:
        yield made


@pytest.fixture(scope="module")
def routes(client):
    """Every address with its method, ids filled in, and two of the page."""
    paths = client.get("/api/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [
        *((method, path.replace("{network_id}", "shipped")) for method, path in found),
        ("GET", "/web/css/tokens.css"),
    ]


def test_other_hosts_get_nothing(client, routes):
    for host, (method, path) in itertools.product(FOREIGN_HOSTS, routes):
        answer = client.request(method, path, headers={"Host": host})
        assert answer.status_code == 403, (host, method, path)
        assert set(answer.json()) == {"error"}


def test_other_origins_get_nothing(client, routes):
    for host, origin, (method, path) in itertools.product(OURS[:3], FOREIGN_ORIGINS, routes):
        answer = client.request(method, path, headers={"Host": host, "Origin": origin.format(host=host)})
        assert answer.status_code == 403, (host, origin, method, path)
    for host, other in itertools.permutations(OURS[:3], 2):  # another name of this machine is another origin
        assert client.get("/api/health", headers={"Host": host, "Origin": f"http://{other}"}).status_code == 403


def test_our_own_page_is_answered(client, routes):
    for host, (method, path) in itertools.product(OURS, routes):
        said = ({}, {"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"})
        for headers in said:
            answer = client.request(method, path, headers={"Host": host, **headers})
            assert answer.status_code not in (401, 403) and answer.status_code < 500, (host, method, path)


def test_what_browsers_say_of_a_request_counts(client, routes):
    for site, (method, path) in itertools.product(("cross-site", "same-site", "nonsense"), routes):
        for mode in ("cors", "no-cors", "navigate", "websocket"):
            answer = client.request(method, path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode})
            assert answer.status_code == 403, (site, mode, method, path)
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code != 403  # a link to the page may be followed from anywhere


def test_no_answer_ever_allows_another_origin(client, routes):
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for method, path in routes:
        for answer in (client.request("OPTIONS", path, headers=preflight), client.request(method, path)):
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "set-cookie" not in answer.headers


def test_every_answer_has_its_headers(client, routes):
    answers = [client.request(method, path) for method, path in routes]
    answers += [client.get("/api/health", headers={"Host": "evil.example"}), client.get("/nothing")]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        expected = "no-cache" if "etag" in answer.headers else "no-store"
        assert answer.headers["cache-control"] == expected
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy


def test_forms_are_refused(client):
    """What a page can send without asking: these three types."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = client.post("/api/classify", content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert client.post("/api/classify", content=b"{}").status_code == 415


def test_with_a_token_only_its_bearer_is_answered(routes):
    token = "t0ken-of-32-characters-or-so-1234"
    with client_of(Settings(host="192.168.1.7", token=token), "http://192.168.1.7:8028") as client:
        for method, path in routes:
            wrong = ("", "Bearer", f"Bearer {token}x", f"Bearer {token[:-1]}", f"Basic {token}", token, "Bearer ü")
            for given in (None, *wrong):
                headers = [] if given is None else [(b"Authorization", given.encode("latin-1"))]
                status = client.request(method, path, headers=headers).status_code
                assert (status == 401) == path.startswith("/api"), (method, path, given)
            good = client.request(method, path, headers={"Authorization": f"Bearer {token}"})
            assert good.status_code not in (401, 403)
        several = [("Authorization", f"Bearer {token}"), ("Authorization", "Bearer x")]
        assert client.get("/api/health", headers=several).status_code == 401
        assert client.get(f"/api/health?token={token}").status_code == 401


def test_a_server_that_listens_everywhere_goes_by_addresses_and_its_own_name():
    own = {"Authorization": "Bearer " + "t" * 20}
    for host in ("0.0.0.0", "::"):
        with client_of(Settings(host=host, token="t" * 20)) as client:
            for name in ("192.168.1.7", "[fe80::1]", "10.0.0.1", "localhost", socket.gethostname().lower()):
                assert client.get("/api/health", headers={"Host": f"{name}:8028", **own}).status_code == 200
            for name in ("evil.example", "192.168.1.7.evil.example", "1e2"):
                assert client.get("/api/health", headers={"Host": f"{name}:8028", **own}).status_code == 403
    assert "192.168.1.7" in host_names("192.168.1.7") and "192.168.1.8" not in host_names("192.168.1.7")


def payloads():
    """500 targets that try to leave the table of addresses, or to upset whoever parses them."""
    rng = random.Random(0)
    files = ("secret.txt", "etc/passwd")
    ups = ("../", "..\\", "%2e%2e%2f", "%2e%2e/", "..%2f", "..%5c", "%252e%252e%252f", "..%c0%af", "....//")
    starts = ("/", "/web/", "/web/app/", "/web/css/", "/api/", "/api/networks/", "/api/runs/", "//", "/./web/")
    odd = (
        "%00",
        "%0d%0aX-Injected:%20yes",
        "%7f",
        "%ff%fe",
        "%F0%9F%92%A9",
        "%",
        "%zz",
        "%u002e",
        "a" * 5000,
        "?" * 50,
    )
    ends = ("", "/secret.txt", ".css")
    found = [
        "*",
        "http://evil.example/",
        "http://127.0.0.1/etc/passwd",
        "/web/css/tokens.css/",
        "/web/css/tokens.css%00",
    ]
    found += [f"{start}{up * depth}{file}" for start in starts for up in ups for depth in (1, 6) for file in files]
    found += [f"{start}{one}{end}" for start in starts for one in odd for end in ends]
    letters = [chr(rng.randrange(0x20, 0xD7FF)) * 5 for _ in range(200)]
    found += [f"{rng.choice(starts)}{urllib.parse.quote(one)}" for one in letters]
    rng.shuffle(found)
    return found[:500]


def ask_raw(port, target, method="GET"):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        content = b""
        while part := client.recv(65_536):
            content += part
    head, _, body = content.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


def test_500_paths_lead_nowhere(tmp_path):
    finished_run(tmp_path / "runs" / "cnn-seed0")
    for place in (tmp_path, tmp_path / "runs"):
        (place / "secret.txt").write_text(SECRET)
    assets = {asset.content for asset in load_assets().values()}
    targets = payloads()
    assert len(set(targets)) == 500
    with live_server(tmp_path / "runs") as server:
        for target in targets:
            status, head, body = ask_raw(server.port, target)
            assert status < 500, target
            assert b"x-injected" not in head.lower()
            assert SECRET.encode() not in body and b"root:" not in body
            assert body in assets or set(json.loads(body)) == {"error"}, target
        assert server.get("/api/health")[0] == 200


@pytest.mark.parametrize("network_id", ["..", "%2e%2e", "A", "a_b", "a" * 65, "a%00", "a%2Fb", "%C3%A9", "a.b", "-%20"])
def test_ids_are_small_letters_digits_and_dashes(client, network_id):
    assert client.get(f"/api/networks/{network_id}/filters").status_code in (404, 422)


def test_no_more_of_a_body_is_read_than_the_cap():
    """What the application takes from a client that sends without end, and announces nothing."""
    settings, piece, taken, answer = Settings(), bytes(65_536), [], []

    async def receive():
        taken.append(len(piece))
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message):
        answer.append(message)

    for path, kind, most in (
        ("/api/read", b"image/png", settings.max_photo_bytes),
        ("/api/classify", b"application/json", settings.max_json_bytes),
    ):
        taken.clear()
        answer.clear()
        headers = [(b"host", b"localhost:8028"), (b"content-type", kind), (b"transfer-encoding", b"chunked")]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
        asyncio.run(create_app(settings)(scope | {"http_version": "1.1", "scheme": "http"}, receive, send))
        assert answer[0]["status"] == 413 and (b"connection", b"close") in answer[0]["headers"]
        assert most < sum(taken) <= most + len(piece)
