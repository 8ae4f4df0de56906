"""Installs a lock into `.venv`, each file checked against its hash: with uv where that can be had, otherwise with pip.

    python setup/install.py --new requirements.lock      makes .venv anew
    python setup/install.py requirements-dev.lock        adds to it
    python setup/install.py --editable                   adds mnistlab itself, as it lies here

The Makefile calls it with any Python that mnistlab runs on; only the standard library is needed. uv is named in the
lock itself and is fetched by pip, which comes with Python. It installs in a quarter of pip's time, but does not read
pip's configuration: where that names a mirror, folders of wheels, certificates or a proxy, uv is told of them here.
Whatever uv cannot do, for example with a login that only pip knows, pip then does. Why: docs/decisions/0014-set-up.md.
"""

import argparse
import ast
import contextlib
import functools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

VENV = Path(".venv")
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
QUIET = ("--quiet", "--disable-pip-version-check")
HASHED = ("--require-hashes", "--no-deps", "-r")

FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
}
"""pip's settings that decide where packages come from, each with uv's variable for it."""


class SetupError(Exception):
    """Setting up failed; the message is what the user sees."""


def uv_variables(pip_settings: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What uv has to be told so that it finds packages where pip does.

    Args:
        pip_settings: What `pip config list` prints: lines such as `global.index-url='https://mirror.example/simple'`.
        environment: Variables that are set already; they win, being uv's own.

    Returns:
        The variables to add. A setting for the `install` command wins over a global one, and one from a variable of
        pip over both, as with pip itself.
    """
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.+)$", pip_settings, re.MULTILINE):
            with contextlib.suppress(ValueError, SyntaxError):
                settings[name] = str(ast.literal_eval(value))
    # With hashes, the best match of all sources is as safe as the first, and it is what pip takes.
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "true"}
    for name, variable in FROM_PIP.items():
        words = settings.get(name, "").split()
        if variable == "UV_NO_INDEX":
            words = ["true"] if words and words[0].lower() in ("1", "true", "yes", "on") else []
        if words:
            found[variable] = ("," if variable == "UV_FIND_LINKS" else " ").join(words)
    return {variable: value for variable, value in found.items() if variable not in environment}


def lines_of(lock: str, package: str) -> str:
    """The lines of one package in a lock, with its hashes."""
    found = re.search(rf"^{re.escape(package)}==.*\n(?:[ \t].*\n?)*", lock, re.MULTILINE)
    return found[0] if found else ""


def make_environment() -> None:
    """Makes an empty `.venv` without pip, which comes with the lock in a tenth of a second."""
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=False)
    if made.returncode:
        raise SetupError("Could not create .venv. On Debian and Ubuntu: apt install python3-venv")


@functools.cache
def pip_command() -> tuple[str, ...]:
    """A pip that installs into `.venv`: its own, else that of the Python here, else the one that Python carries.

    Raises:
        SetupError: there is none.
    """
    own, others = (str(PYTHON), "-m", "pip"), (sys.executable, "-m", "pip", "--python", str(PYTHON))
    if any(SCRIPTS.glob("pip*")):
        return own
    if _run([*others, "--version"]).returncode == 0:
        return others
    if _run([str(PYTHON), "-m", "ensurepip"]).returncode == 0:
        return own
    raise SetupError("This Python has no pip. On Debian and Ubuntu: apt install python3-venv")


def uv_command(lock: str) -> tuple[str, ...] | None:
    """uv in `.venv`, fetched as the lock says if need be; `None` where it cannot be had."""
    uv = SCRIPTS / ("uv.exe" if os.name == "nt" else "uv")
    pinned = lines_of(lock, "uv")
    if not uv.exists() and pinned:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "uv.lock"
            path.write_text(pinned, encoding="utf-8")
            _run([*pip_command(), "install", *QUIET, *HASHED, str(path)])
    return (str(uv),) if uv.exists() else None


def install(arguments: Sequence[str], uv: Sequence[str] | None, pip: Callable[[], Sequence[str]]) -> None:
    """Installs what the arguments name.

    Args:
        arguments: Arguments that `uv pip install` and `pip install` both know.
        uv: Command of uv; `None` to use pip alone.
        pip: Function that returns the command of pip.

    Raises:
        SetupError: pip could not do it either; it has said why.
    """
    if uv is not None:
        is_local = "--editable" in arguments
        told = {} if is_local else uv_variables(_run([*pip(), "config", "list"]).stdout, os.environ)
        done = _run([*uv, "pip", "install", "--quiet", "--python", str(PYTHON), *arguments], os.environ | told)
        if done.returncode == 0:
            return
        reason = " ".join(done.stderr.split())[:300]
        print(f"uv could not install the packages ({reason}). Now pip does it, in a minute or two ...", flush=True)
    if subprocess.run([*pip(), "install", *QUIET, *arguments], check=False).returncode:
        raise SetupError("The packages could not be installed; pip says why above. The same command tries again.")


def compile_modules() -> None:
    """Compiles what uv has installed, as pip does, but for tests; what is compiled already is passed over.

    Otherwise the first import of TensorFlow takes 9 s longer, and every one where PYTHONDONTWRITEBYTECODE is set.
    """
    tests = r"[/\\]tests?[/\\]"
    _run([str(PYTHON), "-m", "compileall", "-q", "-j", "0", "-x", tests, str(VENV)])


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)


def main() -> None:
    """Installs as the arguments say, and tells what is under way."""
    parser = argparse.ArgumentParser(description="Install a lock into .venv.")
    parser.add_argument("lock", nargs="?", type=Path)
    parser.add_argument("--new", action="store_true", help="make .venv anew")
    parser.add_argument("--editable", action="store_true", help="install mnistlab itself")
    given = parser.parse_args()
    start = time.monotonic()
    try:
        if given.new:
            print("Setting up .venv (once) ...", flush=True)
            make_environment()
        lock = given.lock.read_text(encoding="utf-8") if given.lock else ""
        uv = uv_command(lock)
        if given.lock:
            num_packages = len(re.findall(r"^\w.*==", lock, re.MULTILINE))
            print(f"Installing {given.lock}, {num_packages} packages, with {'uv' if uv else 'pip'} ...", flush=True)
            install([*HASHED, str(given.lock)], uv, pip_command)
            compile_modules()
            print(f"  done in {time.monotonic() - start:.0f} s", flush=True)
        if given.editable:
            install(["--no-deps", "--no-build-isolation", "--editable", "."], uv, pip_command)
    except SetupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
