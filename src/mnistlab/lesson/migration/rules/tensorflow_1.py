"""TensorFlow 1 in a notebook: what has a twin is rewritten, the rest is marked."""

import libcst as cst

from mnistlab.lesson.migration import today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import dotted, imported_names, method

MOVED = "{old} is gone; it is called {new} now."
TENSORFLOW_1 = "{name} belongs to TensorFlow 1 and was removed in TensorFlow 2, so this line fails.{advice}"
SESSIONS = " There are no sessions any more: what a session ran is called directly. Take the line out."
TENSORFLOW_ADVICE = {
    "Session": SESSIONS,
    "InteractiveSession": SESSIONS,
    "ConfigProto": SESSIONS,
    "GPUOptions": " tf.config.experimental.set_memory_growth takes its place; without a GPU, take the line out.",
    "placeholder": " keras.Input takes its place.",
    "global_variables_initializer": " Variables have their values as soon as they are made. Take the line out.",
    "initialize_all_variables": " Variables have their values as soon as they are made. Take the line out.",
    "get_default_graph": " There is no graph to be kept any more. Take the line out.",
    "reset_default_graph": " keras.backend.clear_session() does what is still needed of it.",
    "contrib": " What was worth keeping of contrib has moved to other packages.",
    "layers": " Use keras.layers.",
    "examples": (
        " (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data() gives the same images, "
        "as uint8 from 0 "
        "to 255."
    ),
    "app": " Call the function that it would have called.",
    "enable_eager_execution": " Operations always run at once today. Take the line out.",
    "VERSION": " Use tf.__version__.",
    "get_variable": " Use keras.Variable or tf.Variable.",
    "gfile": " Use open, or tf.io.gfile.",
    "summary": " Use keras.callbacks.TensorBoard, or tf.summary with a writer.",
    "train": " Use an optimizer of keras.optimizers, and model.fit.",
    "flags": " Use argparse, or plain variables.",
}
ITERATOR = (
    "A dataset has no {name} since TensorFlow 2, so this line fails (AttributeError). Give the dataset itself to "
    "fit, or go through it with a for loop."
)
TENSORFLOW_TWINS = {
    "tensorflow.log": "math.log",
    "tensorflow.set_random_seed": "random.set_seed",
    "tensorflow.random_normal": "random.normal",
    "tensorflow.random_uniform": "random.uniform",
    "tensorflow.truncated_normal": "random.truncated_normal",
    "tensorflow.diag": "linalg.diag",
    "tensorflow.image.resize_images": "image.resize",
}
OPTIMIZERS = {
    "AdamOptimizer": "Adam",
    "GradientDescentOptimizer": "SGD",
    "RMSPropOptimizer": "RMSprop",
    "AdagradOptimizer": "Adagrad",
    "AdadeltaOptimizer": "Adadelta",
    "MomentumOptimizer": "SGD",
}


def missing_in_tensorflow(name: str) -> str:
    """The shortest beginning of a dotted name that TensorFlow 2 does not have; empty if it has the name."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        known = today.tensorflow_names(".".join(parts[:length]))
        if known is None or parts[length].startswith("_") or parts[length] == "python":
            return ""
        if parts[length] not in known and parts[length] not in ("keras", "compat"):
            return ".".join(parts[: length + 1])
    return ""


def rewrite_tensorflow(code: Code, use: cst.Attribute | cst.Name, name: str) -> None:
    """Rewrites or marks a use of what TensorFlow 2 does not have."""
    missing = missing_in_tensorflow(name)
    if not missing or _rewrite_logging(code, use, name):
        return
    last = missing.rpartition(".")[2]
    short = f"tf.{missing.removeprefix('tensorflow.')}"
    if missing == name and last in OPTIMIZERS:
        new = f"{keras_name(code, use)}.optimizers.{OPTIMIZERS[last]}"
        code.replace(use, new, TENSORFLOW_1.format(name=short, advice=f" {new} is the same."))
    elif missing in TENSORFLOW_TWINS and missing == name and isinstance(use, cst.Attribute):
        base: cst.BaseExpression = use
        while isinstance(base, cst.Attribute):
            base = base.value
        new = f"{code.source(base)}.{TENSORFLOW_TWINS[missing]}"
        code.replace(use, new, MOVED.format(old=short, new=new))
    elif not is_import_of(code, missing):
        code.mark(use, TENSORFLOW_1.format(name=short, advice=advice_on(missing)))


def mark_iterators(code: Code) -> None:
    """Marks the iterators that TensorFlow 1 made of a dataset."""
    for call in code.calls:
        if (name := method(call)) in ("make_one_shot_iterator", "make_initializable_iterator"):
            code.mark(call, ITERATOR.format(name=name))


def _rewrite_logging(code: Code, use: cst.Attribute | cst.Name, name: str) -> bool:
    """Rewrites `tf.logging.set_verbosity(tf.logging.ERROR)`; returns whether the name is a part of that."""
    level = name.removeprefix("tensorflow.logging.")
    if level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        argument = code.parent(use)
        call = code.parent(argument) if isinstance(argument, cst.Arg) else None
        if isinstance(call, cst.Call) and "tensorflow.logging.set_verbosity" in code.imported(call.func):
            code.replace(use, f'"{level}"', MOVED.format(old=f"tf.logging.{level}", new=f'"{level}"'))
            return True
    if level == "set_verbosity" and isinstance(use, cst.Attribute) and isinstance(use.value, cst.Attribute):
        new = f"{code.source(use.value.value)}.get_logger().setLevel"
        code.replace(use, new, MOVED.format(old="tf.logging.set_verbosity", new=new))
        return True
    return False


def advice_on(missing: str) -> str:
    """What takes the place of a name of TensorFlow 1, with a space before it; empty if that is not known."""
    return next((TENSORFLOW_ADVICE[part] for part in missing.split(".") if part in TENSORFLOW_ADVICE), "")


def is_import_of(code: Code, name: str) -> bool:
    """Whether the notebook imports a name as such, so that its import has the mark."""
    modules = [dotted(alias.name) for node in code.all_of(cst.Import) for alias in node.names]
    modules += [dotted(node.module) for node in code.all_of(cst.ImportFrom)]
    modules += [
        f"{dotted(node.module)}.{dotted(alias.name)}"
        for node in code.all_of(cst.ImportFrom)
        for alias in imported_names(node)
    ]
    return any(f"{module}.".startswith(f"{name}.") for module in modules)
