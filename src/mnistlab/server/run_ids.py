"""Short names for run folders, used in addresses. They are looked up in a table and never turned back into paths."""

import hashlib
import os
import re
from pathlib import Path

ID_PATTERN = r"^[a-z0-9-]{1,64}$"
SHIPPED_PREFIX = "shipped"
_MAX_SLUG = 55


def is_utf8(folder: Path) -> bool:
    """Whether JSON can hold a folder's name; on Linux a name may be any bytes."""
    return os.fsencode(folder).decode(errors="replace") == str(folder)


def run_id(relative: Path) -> str:
    """The id of a run. It depends on the run's place below the runs folder only, so other runs never change it.

    Args:
        relative: The run's folder, relative to the runs folder.

    Returns:
        The path itself if it matches `[a-z0-9-]{1,64}`, otherwise its usable characters and a piece of its checksum.

    Example:
        >>> run_id(Path("mlp-seed0"))
        'mlp-seed0'
        >>> run_id(Path("Übung/mlp seed0"))
        'bung-mlp-seed0-ba4dfed5'
    """
    text = relative.as_posix()
    if re.fullmatch(ID_PATTERN.strip("^$"), text) and not text.startswith(SHIPPED_PREFIX):
        return text
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower())[:_MAX_SLUG].strip("-")
    return f"{slug or 'run'}-{hashlib.sha256(os.fsencode(text)).hexdigest()[:8]}"
