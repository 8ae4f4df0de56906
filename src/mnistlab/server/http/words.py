"""What was wrong with a request's fields, in plain words; the library that checks them says it in its own."""

from collections.abc import Iterable, Mapping
from typing import Any

MAX_PLACE = 80  # characters shown of the name of a wrong field, which may be the client's own text
MAX_NAMED = 3  # problems
WHOLE = ("int_type", "int_parsing", "int_from_float", "int_parsing_size")
NUMBERS = ("float_type", "float_parsing", "finite_number")
OBJECTS = ("dict_type", "model_type", "model_attributes_type", "dataclass_type", "mapping_type")


def describe(problems: Iterable[Mapping[str, Any]]) -> str:
    """The first three problems in words, without repeating what the client sent.

    Args:
        problems: What Pydantic's `errors()` gives: `loc`, the field's place, `type`, the kind of problem, and `ctx`,
            the limits that were broken.

    Example:
        >>> describe([{"loc": ("body", "epochs"), "type": "less_than_equal", "ctx": {"le": 100}}])
        'epochs must be at most 100'
        >>> describe([{"loc": ("body",), "type": "missing"}])
        'the body is missing'
    """
    return "; ".join(f"{_place(problem['loc'])} {_complaint(problem)}" for problem in list(problems)[:MAX_NAMED])


def _place(parts: Iterable[str | int]) -> str:
    """A field as a client knows it: `images[0].image`; where it came from is said only if the field has no name."""
    where, *names = parts
    if not [name for name in names if isinstance(name, str)]:
        return f"the {where}"
    text = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names).removeprefix(".")
    return text.encode("ascii", "backslashreplace").decode()[:MAX_PLACE]


def _complaint(problem: Mapping[str, Any]) -> str:
    kind, limits = problem["type"], problem.get("ctx") or {}
    if kind in _WITH_LIMITS and limits:
        return _WITH_LIMITS[kind].format(**limits)
    return _PLAIN.get(kind, "is not what was expected; /api/openapi.json describes it")


_WITH_LIMITS = {
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must have at least {min_length} members",
    "too_long": "must have at most {max_length} members",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "value_error": "is wrong: {error}",
}

_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is not a field here; leave it out",
    "json_invalid": "is not JSON",
    "string_type": "must be text in quotation marks",
    "string_unicode": "must be text in UTF-8",
    "bytes_type": "must be text in quotation marks",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list in square brackets",
    "none_required": "must be null",
    **dict.fromkeys(WHOLE, "must be a whole number"),
    **dict.fromkeys(NUMBERS, "must be a number"),
    **dict.fromkeys(OBJECTS, "must be an object in curly braces"),
}
