"""The short names by which the page knows run folders. They are looked up in a table, never made into paths again."""

import hashlib
import os
import re
from pathlib import Path

ID_PATTERN = r"^[a-z0-9-]{1,64}$"
SHIPPED_PREFIX = "shipped"
_MAX_SLUG = 55


def run_id(relative: Path) -> str:
    """The id of a run, a function of its place below the runs folder alone, so that it stays when others come.

    Args:
        relative: the run's folder, as seen from the runs folder.

    Returns:
        The path itself if it is `[a-z0-9-]{1,64}`; else what is left of it and a piece of its checksum.

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
