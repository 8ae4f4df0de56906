"""`merge`, the function of Keras 1 for several tensors: one function for each of its modes."""

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import dotted, find_argument, imported_names, keywords, literal, positionals

MERGE = "merge was removed in Keras 2; mode={mode!r} is the function {new} now."
FUNCTIONS = {
    "concat": "concatenate",
    "sum": "add",
    "mul": "multiply",
    "ave": "average",
    "max": "maximum",
    "dot": "dot",
}
PATHS = ("keras.layers.merge", "keras.layers.core.merge", "keras.engine.merge", "keras.engine.topology.merge")


def merged(code: Code, call: cst.Call) -> str:
    """The function of today for a call of `merge`; empty for other calls and modes."""
    path = code.keras_path(call.func)
    if path is None or path[1] not in PATHS:
        return ""
    given, places, mode = keywords(call), positionals(call), find_argument(call, 1, "mode")
    text = "sum" if mode is None else literal(mode.value)
    new = FUNCTIONS.get(text, "") if isinstance(text, str) else ""
    axes = {"concat": {"concat_axis"}, "dot": {"dot_axes"}}.get(str(text), set())
    return new if given.keys() <= {"inputs", "mode", "name", *axes} and len(places) <= 2 else ""


def rewrite_merges(code: Code) -> None:
    """Rewrites every call of `merge`, and its import if all of them could be."""
    calls = [call for call in code.calls if (path := code.keras_path(call.func)) is not None and path[1] in PATHS]
    if not calls or not all(merged(code, call) for call in calls):
        return
    for call in calls:
        _rewrite(code, call, merged(code, call))
    names = list(dict.fromkeys(merged(code, call) for call in calls if isinstance(call.func, cst.Name)))
    for node in code.all_of(cst.ImportFrom):
        split = homes.split_root(dotted(node.module)) if not node.relative else None
        aliases = imported_names(node)
        ours = [one for one in aliases if split is not None and f"{split[1]}.{dotted(one.name)}" in PATHS]
        if split is None or not ours or not names or node.module is None:
            continue
        reason = MERGE.format(mode="...", new=" or ".join(names))
        others = [code.source(one).rstrip(" ,\n") for one in aliases if one not in ours]
        target = "tensorflow.keras.layers" if split[0].startswith("tensorflow") else "keras.layers"
        code.replace(ours[0].name, ", ".join(names), reason)
        is_moved = homes.MODULES.get(split[1]) == "keras.layers"
        if (not others or is_moved) and dotted(node.module) != target:
            code.replace(node.module, target, reason)


def _rewrite(code: Code, call: cst.Call, new: str) -> None:
    given, mode = keywords(call), find_argument(call, 1, "mode")
    text = "sum" if mode is None else str(literal(mode.value))
    reason = MERGE.format(mode=text, new=new)
    code.replace(call.func.attr if isinstance(call.func, cst.Attribute) else call.func, new, reason)
    if mode is not None:
        code.remove_argument(call, mode, reason)
    for old, today in (("concat_axis", "axis"), ("dot_axes", "axes")):
        if old in given and (keyword := given[old].keyword) is not None:
            code.replace(keyword, today, reason)
