"""How `make` sets up: what uv is told of pip's configuration, pip where uv fails, and the two locks."""

import importlib.util
import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from repository import ROOT

SPEC = importlib.util.spec_from_file_location("install", ROOT / "setup" / "install.py")
install = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(install)

RUN_LOCK, DEV_LOCK = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("requirements.lock", "requirements-dev.lock")
)
ALWAYS = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "true"}


def pins(lock):
    """Each pinned package with its version and marker, as the lock writes them."""
    return set(re.findall(r"^([a-z0-9._-]+)==(\S+)(?: ; (.*?))? \\$", lock, re.MULTILINE))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("", {}),
        ("global.index-url='https://mirror.example/wheels'\n", {"UV_DEFAULT_INDEX": "https://mirror.example/wheels"}),
        (  # what is set for `pip install` wins, and a variable of pip over both
            "global.index-url='https://a.example'\ninstall.index-url='https://b.example'\n:env:.timeout='9'\n",
            {"UV_DEFAULT_INDEX": "https://b.example", "UV_HTTP_TIMEOUT": "9"},
        ),
        (
            ":env:.index-url='https://c.example'\ninstall.index-url='https://b.example'\n",
            {"UV_DEFAULT_INDEX": "https://c.example"},
        ),
        (
            "global.extra-index-url='https://a.example\\nhttps://b.example'\n",
            {"UV_INDEX": "https://a.example https://b.example"},
        ),
        (
            "global.find-links='/wheels /more'\nglobal.no-index='true'\n",
            {"UV_FIND_LINKS": "/wheels,/more"} | {"UV_NO_INDEX": "true"},
        ),
        ("global.no-index='false'\n", {}),
        (
            "user.proxy='http://p.example:3128'\nglobal.proxy='http://q.example:3128'\n",
            {"ALL_PROXY": "http://q.example:3128"},
        ),
        (
            "global.cert='/etc/ca.pem'\nglobal.trusted-host='m.example'\n",
            {"SSL_CERT_FILE": "/etc/ca.pem", "UV_INSECURE_HOST": "m.example"},
        ),
        ("global.index-url='unfinished\nglobal.timeout=os.system('x')\nnonsense\n", {}),
    ],
)
def test_uv_is_told_where_pip_finds_packages(settings, told):
    assert install.uv_variables(settings, {}) == ALWAYS | told


def test_what_was_set_for_uv_stays():
    found = install.uv_variables("global.index-url='https://a.example'\n", {"UV_DEFAULT_INDEX": "https://own.example"})
    assert found == ALWAYS


def test_pips_own_words_are_understood(tmp_path):
    """What this pip prints of a configuration of its own."""
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nextra-index-url =\n    https://a.example/wheels\n    https://b.example/wheels\n")
    listed = install._run([sys.executable, "-m", "pip", "config", "list"], {"PIP_CONFIG_FILE": str(config)})
    if listed.returncode:
        pytest.skip("there is no pip here")
    assert "https://a.example/wheels https://b.example/wheels" in install.uv_variables(listed.stdout, {})["UV_INDEX"]


def command(program):
    return [sys.executable, "-c", program]


def test_pip_does_what_uv_cannot(capfd):
    fails = command("import sys; sys.exit('no route\\nto the mirror')")
    pip = command("import sys; print('pip was asked:', *sys.argv[1:])")
    install.install(["--no-deps", "thing"], fails, lambda: pip)
    out, errors = capfd.readouterr()
    assert "uv could not install the packages (no route to the mirror). Now pip does it" in out
    assert "pip was asked: install --quiet --disable-pip-version-check --no-deps thing\n" in out
    assert errors == ""


def test_uv_gets_hashes_and_variables_and_pip_is_not_asked(capfd):
    """The stand-in for uv fails unless it is told of the mirror, and that for pip does nothing but name it."""
    uv = command(
        "import os, sys; assert os.environ['UV_DEFAULT_INDEX'] == 'https://a.example' and 'install' in sys.argv"
    )
    pip = command(
        "import sys; print('global.index-url=\\'https://a.example\\'' if 'config' in sys.argv else sys.exit(1))"
    )
    install.install([*install.HASHED, "a.lock"], uv, lambda: pip)
    assert capfd.readouterr() == ("", "")


def test_when_both_fail_a_sentence_says_what_to_do(capfd):
    fails = command("import sys; sys.exit('no network')")
    with pytest.raises(install.SetupError, match=r"pip says why above\. The same command tries again\."):
        install.install(["thing"], None, lambda: fails)
    assert "no network" in capfd.readouterr().err


def test_both_locks_have_hashes_and_name_no_place():
    for lock in (RUN_LOCK, DEV_LOCK):
        packages = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:]
        assert len(packages) == len(pins(lock)) > 60
        assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", package) for package in packages)
        assert "://" not in lock


def test_the_smaller_lock_is_part_of_the_larger():
    larger = {(name, version) for name, version, _ in pins(DEV_LOCK)}
    assert {(name, version) for name, version, _ in pins(RUN_LOCK)} < larger


def test_each_lock_has_what_its_commands_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]
    run = [*project["project"]["dependencies"], *extras["train"], *extras["lesson"], *groups["setup"]]
    tools = [line for line in groups["dev"] if isinstance(line, str)]
    dev = [*run, *tools, *extras["cluster"], *extras["jax"]]
    for lock, wanted in ((RUN_LOCK, run), (DEV_LOCK, dev)):
        pinned = {}
        for name, version, _ in pins(lock):
            pinned.setdefault(name, []).append(version)
        for requirement in map(Requirement, wanted):
            if canonicalize_name(requirement.name) == "mnistlab":
                continue
            versions = pinned[canonicalize_name(requirement.name)]
            assert all(requirement.specifier.contains(version) for version in versions), requirement
    assert {"pytest", "ruff", "jax", "ray", "playwright", "scikit-image"}.isdisjoint(
        name for name, *_ in pins(RUN_LOCK)
    )
    assert install.lines_of(RUN_LOCK, "uv").startswith("uv==")
    assert install.lines_of(RUN_LOCK, "u") == ""
