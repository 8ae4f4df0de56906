"""`ImageDataGenerator`, replaced by a small class in the notebook that uses public Keras and the old units."""

from pathlib import Path

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.spelling import keras_name, new_root, numpy_name
from mnistlab.lesson.migration.syntax import dotted, imported_names, keywords, literal, method

NAME = "keras.preprocessing.image.ImageDataGenerator"
REPLACED = (
    "ImageDataGenerator is gone from Keras 3 (ImportError: cannot import name 'ImageDataGenerator'). The class that "
    "stands here now draws the same transforms and applies them as one resampling of the whole batch with "
    "keras.ops.image.affine_transform, in a keras.utils.PyDataset. The units are the old ones: rotation_range and "
    "shear_range in degrees, shifts as fractions of the image. (The layers RandomRotation and RandomShear have others: "
    "fractions of a full turn and of the image.)"
)
KEPT = (
    "ImageDataGenerator is gone from keras; TensorFlow still has a deprecated copy under tensorflow.keras, which needs "
    "SciPy. It is used from there because of {why}, which the replacement without it cannot do. It will "
    "go one day: then "
    "move to keras.utils.image_dataset_from_directory or a keras.utils.PyDataset of your own."
)
ARGUMENTS = frozenset(
    {
        "rotation_range",
        "width_shift_range",
        "height_shift_range",
        "shear_range",
        "zoom_range",
        "fill_mode",
        "cval",
        "horizontal_flip",
        "vertical_flip",
        "rescale",
        "data_format",
    }
)
NEUTRAL = frozenset(
    {
        "featurewise_center",
        "samplewise_center",
        "featurewise_std_normalization",
        "samplewise_std_normalization",
        "zca_whitening",
        "brightness_range",
        "channel_shift_range",
        "preprocessing_function",
        "validation_split",
        "zca_epsilon",
        "dtype",
        "interpolation_order",
    }
)
FLOW_ARGUMENTS = frozenset({"x", "y", "batch_size", "shuffle", "seed"})
_TEMPLATE = Path(__file__).with_name("image_generator.txt")


def rewrite_image_generators(code: Code, *, mixed: bool) -> None:
    """Rewrites every import and use of `ImageDataGenerator`."""
    imports = [(node, alias) for node in code.all_of(cst.ImportFrom) if (alias := _imported_alias(node)) is not None]
    dotted_uses = [node for node in code.all_of(cst.Attribute) if code.means(node) == NAME]
    if not imports and not dotted_uses:
        return
    why = _what_is_missing(code)
    definition = "" if why else None
    for node, alias in imports:
        definition = _rewrite_import(code, node, alias, definition, why, mixed=mixed)
    for use in dotted_uses:
        path = code.keras_path(use)
        if why and path is not None and path[0] != "keras":
            continue  # it works there
        if definition is None:
            definition = _definition(code, use)
            _insert_above(code, use, definition)
        elif why and not definition:
            definition = f"from tensorflow.keras.preprocessing.image import {NAME.rpartition('.')[2]}\n"
            _insert_above(code, use, definition)
        code.replace(use, "ImageDataGenerator", KEPT.format(why=why) if why else REPLACED)
    if not why:
        _remove_neutral(code)


def _imported_alias(node: cst.ImportFrom) -> cst.ImportAlias | None:
    split = homes.split_root(dotted(node.module)) if not node.relative else None
    if split is None:
        return None
    return next((alias for alias in imported_names(node) if f"{split[1]}.{dotted(alias.name)}" == NAME), None)


def _definition(code: Code, node: cst.CSTNode) -> str:
    text = _TEMPLATE.read_text("utf-8")
    return text.replace("{keras}", keras_name(code, node)).replace("{np}", numpy_name(code, node))


def _insert_above(code: Code, node: cst.CSTNode, text: str) -> None:
    """Puts lines above the statement of the module that a node lies in."""
    outermost = [place for place in (node, *code.parents(node)) if isinstance(code.parent(place), cst.Module)]
    code.insert(code.line_start(outermost[0]), f"\n\n{text.rstrip()}\n\n\n" if "class " in text else text, REPLACED)


def _rewrite_import(
    code: Code, node: cst.ImportFrom, alias: cst.ImportAlias, definition: str | None, why: str, *, mixed: bool
) -> str:
    """Takes the name out of an import and defines it once in the notebook; returns the definition."""
    root = dotted(node.module).removesuffix(".preprocessing.image")
    if why and root != "keras":
        return definition or ""  # it works there
    others = [code.source(other).rstrip(" ,\n") for other in imported_names(node) if other is not alias]
    where = new_root(
        root if root in ("keras", "tensorflow.keras") else "keras", "keras.preprocessing.image", mixed=mixed
    )
    parts = [f"from {where}.preprocessing.image import {', '.join(others)}"] if others else []
    if why:
        line = f"from tensorflow.keras.preprocessing.image import {code.source(alias).rstrip(' ,')}"
        parts.append(line)
        code.replace(node, "\n".join(parts), KEPT.format(why=why))
        return definition or line
    nested = code.is_nested(node) or code.statement(node) is None
    text = "" if definition else _definition(code, node).rstrip()
    renamed = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else ""
    if renamed:
        parts.append(f"{renamed} = ImageDataGenerator")
    if nested:
        if text:
            _insert_above(code, node, text)
        code.replace(node, "; ".join(parts) or "pass", REPLACED)
    else:
        before, after = (parts[:1], parts[1:]) if others else ([], parts)
        blocks = ["\n".join(before), text, "\n".join(after)]
        code.replace(node, "\n\n\n".join(block for block in blocks if block) or "pass", REPLACED)
    return text or definition or ""


def _generator_calls(code: Code) -> list[cst.Call]:
    return [call for call in code.calls if code.means(call.func) == NAME]


def _remove_neutral(code: Code) -> None:
    for call in _generator_calls(code):
        for name, argument in keywords(call).items():
            if name in NEUTRAL or name == "data_format":
                code.remove_argument(call, argument, REPLACED)


def _what_is_missing(code: Code) -> str:
    """What the notebook needs of generators that the replacement cannot do; empty if there is nothing."""
    for call in _generator_calls(code):
        for argument in call.args:
            name = argument.keyword.value if argument.keyword is not None else ""
            value = literal(argument.value)
            off = value in (False, 0) or code.source(argument.value) == "None"
            if not (name in ARGUMENTS or (name in NEUTRAL and off)):
                return name or "its arguments without names"
            if name == "fill_mode" and value not in ("nearest", "constant"):
                return "fill_mode"
            if name == "data_format" and value != "channels_last" and not off:
                return "data_format"
        missing = _missing_in_uses(code, call)
        if missing:
            return missing
    return ""


def _missing_in_uses(code: Code, call: cst.Call) -> str:
    """What the notebook needs of one generator beside `fit` and `flow`; empty if there is nothing."""
    above = code.parent(call)
    if isinstance(above, cst.Attribute):
        return "" if above.attr.value in ("fit", "flow") else above.attr.value
    target = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
    if not isinstance(target, cst.Name):
        return "the place where it is made"
    for use in code.uses_of[target.value]:
        attribute = code.parent(use)
        if isinstance(attribute, cst.AssignTarget):
            continue
        if not isinstance(attribute, cst.Attribute):
            return f"another use of {target.value} than its methods"
        if attribute.attr.value not in ("fit", "flow"):
            return attribute.attr.value
        flow = code.parent(attribute)
        if isinstance(flow, cst.Call) and method(flow) == "flow":
            others = [name for name in keywords(flow) if name not in FLOW_ARGUMENTS]
            if others:
                return f"{others[0]} of flow"
    return ""
