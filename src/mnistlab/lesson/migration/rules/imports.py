"""Names that have moved: imports, and dotted uses of modules that are gone."""

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.backend import is_rewritten
from mnistlab.lesson.migration.rules.gone import explain_gone
from mnistlab.lesson.migration.rules.spelling import keras_name, new_root
from mnistlab.lesson.migration.syntax import dotted, imported_names

MOVED = "{old} was removed in Keras 3, and importing it fails; its names are in {new} now."
NP_UTILS = (
    "keras.utils.np_utils is gone (ImportError: cannot import name 'np_utils'); to_categorical is in keras.utils now. "
    "There is no package to install for it."
)
RENAMED = "{old} was removed in Keras 3; the same thing is called {new} now."
MIXED = (
    "This notebook imports Keras under two names, keras and tensorflow.keras. Layers of one failed in models of the "
    "other, and still do where the old tf-keras is installed; keras alone avoids that."
)

OWN_NAME = (
    "Keras 3 does not look into its own modules for functions of yours; those that models are loaded with are in "
    "keras.saving.get_custom_objects()."
)
TENSORFLOW = ("tensorflow", "tensorflow.contrib", "tensorflow.contrib.keras.python", "tensorflow.python")


def rewrite_imports(code: Code, *, mixed: bool) -> None:
    """Rewrites imports of moved modules and names, and of Keras under two names."""
    for node in code.all_of(cst.ImportFrom):
        if is_rewritten(code, node):
            continue
        split = homes.split_root(dotted(node.module)) if not node.relative else None
        if split is not None:
            _rewrite_from(code, node, *split, mixed=mixed)
        elif dotted(node.module) in TENSORFLOW:
            _rewrite_tensorflow(code, node, mixed=mixed)
    for statement in code.all_of(cst.Import):
        for alias in statement.names:
            split = homes.split_root(dotted(alias.name))
            if split is not None:
                _rewrite_import(code, alias, *split, mixed=mixed)


def _rewrite_tensorflow(code: Code, node: cst.ImportFrom, *, mixed: bool) -> None:
    """Rewrites `from tensorflow import keras` if the notebook says `keras` too, or if it is an inner TensorFlow."""
    names = imported_names(node)
    if len(names) != 1 or dotted(names[0].name) != "keras" or node.module is None:
        return
    module = dotted(node.module)
    if mixed:
        code.replace(node, f"import keras{_as(code, names[0])}", MIXED)
    elif module != "tensorflow":
        code.replace(node.module, "tensorflow", MOVED.format(old=f"{module}.keras", new="tensorflow.keras"))


def _as(code: Code, alias: cst.ImportAlias) -> str:
    return f" as {code.source(alias.asname.name)}" if alias.asname else ""


def _rewrite_import(code: Code, alias: cst.ImportAlias, root: str, path: str, *, mixed: bool) -> None:
    """Rewrites `import keras.utils.np_utils as u`."""
    home = homes.MODULES.get(path, path)
    if alias.asname is None:
        if home != path:
            code.replace(alias, root, MOVED.format(old=path, new=home))  # binds the same name
        return
    target = new_root(root, home, mixed=mixed) + home.removeprefix("keras")
    if target == root + path.removeprefix("keras"):
        return
    reason = MOVED.format(old=path, new=home) if home != path else MIXED
    code.replace(alias, f"{target}{_as(code, alias)}", reason)


def _rewrite_from(code: Code, node: cst.ImportFrom, root: str, path: str, *, mixed: bool) -> None:
    if isinstance(node.names, cst.ImportStar):
        home = homes.MODULES.get(path, path)
        target = new_root(root, home, mixed=mixed) + home.removeprefix("keras")
        if node.module is not None and target != dotted(node.module):
            code.replace(node.module, target, MOVED.format(old=path, new=home) if home != path else MIXED)
        return
    wanted: list[tuple[str, str]] = []  # module, and what to import from it
    gone: list[str] = []
    reasons: list[str] = []
    for alias in node.names:
        leaf = dotted(alias.name)
        old = f"{path}.{leaf}"
        if old == "keras.utils.np_utils" and alias.asname is None and can_say_to_categorical(code):
            wanted.append((new_root(root, "keras.utils", mixed=mixed) + ".utils", "to_categorical"))
            reasons.append(NP_UTILS)
            continue
        home = homes.find_home(old)
        if _is_gone(code, node, old, home, root):
            home = old
            gone.append(root + old.rpartition(".")[0].removeprefix("keras"))
        module, _, name = home.rpartition(".")
        bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else leaf
        target = new_root(root, home, mixed=mixed)
        wanted.append((target + module.removeprefix("keras"), name if name == bound else f"{name} as {bound}"))
        if home != old:
            moved = MOVED if name == leaf or old in homes.MODULES else RENAMED
            short = moved is MOVED and old not in homes.MODULES
            reasons.append(moved.format(old=path if short else old, new=module if short else home))
        elif target != root:
            reasons.append(MIXED)
    wanted.sort(key=lambda place: place[0] not in gone)  # the mark stands above what fails
    _write_from(code, node, wanted, tuple(dict.fromkeys(reasons)))


def _write_from(code: Code, node: cst.ImportFrom, wanted: list[tuple[str, str]], reasons: tuple[str, ...]) -> None:
    """Rewrites an import statement with other modules or names, changing as little of it as possible."""
    if not reasons or node.module is None:
        return
    modules = list(dict.fromkeys(module for module, _ in wanted))
    same_names = [name for _, name in wanted] == [code.source(alias).rstrip(" ,\n") for alias in imported_names(node)]
    if same_names and len(modules) == 1:
        for reason in reasons:
            code.replace(node.module, modules[0], reason)
        return
    lines = [
        f"from {module} import {', '.join(dict.fromkeys(name for place, name in wanted if place == module))}"
        for module in modules
    ]
    statement = code.statement(node)
    separator = "; "
    if statement is not None:
        first = code.line_start(statement)
        separator = "\n" + code.text[first : code.start(statement)].decode()
    for reason in reasons:
        code.replace(node, separator.join(lines), reason)


def _is_gone(code: Code, node: cst.ImportFrom, old: str, home: str, root: str) -> bool:
    """Whether Keras no longer has an imported name; marks the import if so."""
    called = old == "keras.layers.merge" and any(code.keras_path(call.func) == (root, old) for call in code.calls)
    there = homes.exists(home, root)
    if home.endswith(".ImageDataGenerator") or (there and not called):
        return False
    code.mark(node, explain_gone(old))
    return True


def can_say_to_categorical(code: Code) -> bool:
    """Whether the notebook uses only `to_categorical` of np_utils, and nothing else has that name."""
    for use in code.uses_of.get("np_utils", []):
        parent = code.parent(use)
        if isinstance(parent, cst.ImportAlias):
            continue
        if not isinstance(parent, cst.Attribute) or parent.attr.value != "to_categorical":
            return False
    bound = [
        use
        for use in code.uses_of.get("to_categorical", [])
        if not isinstance(code.parent(use), cst.ImportAlias)
        and homes.find_home(code.means(use) or "-") != "keras.utils.to_categorical"
    ]
    return not bound


def rewrite_uses(code: Code, *, mixed: bool) -> None:
    """Rewrites dotted uses: `np_utils.to_categorical`, `keras.layers.core.Dense`, `tf.keras.layers.Dense`."""
    for node in code.all_of(cst.Attribute):
        parent = code.parent(node)
        if isinstance(parent, cst.Attribute) or any(
            isinstance(place, cst.Import | cst.ImportFrom) for place in code.parents(node)
        ):
            continue
        chain: list[cst.BaseExpression] = [node]
        while isinstance(chain[-1], cst.Attribute):
            chain.append(chain[-1].value)
        _rewrite_chain(code, chain, mixed=mixed)


def _rewrite_chain(code: Code, chain: list[cst.BaseExpression], *, mixed: bool) -> None:
    """Rewrites one dotted expression, given with all shorter ones that it begins with, the longest first."""
    base = chain[-1]
    for part in chain:
        path = code.keras_path(part)
        if path is None or not isinstance(part, cst.Attribute):
            continue
        root, old = path
        home = homes.find_home(old)
        if old == "keras.utils.np_utils.to_categorical" and isinstance(base, cst.Name) and base.value == "np_utils":
            if can_say_to_categorical(code) and not _is_renamed(code, "np_utils"):
                code.replace(part, "to_categorical", NP_UTILS)
            return
        if home.endswith(".ImageDataGenerator"):  # the rule for images handles it
            return
        if not homes.exists(home, root):
            if not is_rewritten(code, part) and not _rewrite_own_name(code, part, old):
                code.mark(part, explain_gone(old))
            return
        _move_use(code, part, chain, root, old, home, mixed=mixed)
        return


def _rewrite_own_name(code: Code, node: cst.Attribute, name: str) -> bool:
    """Rewrites `keras.losses.focal = focal`, by which Keras 2 found a function; returns whether it did so."""
    target = code.parent(node)
    if not isinstance(target, cst.AssignTarget):
        return False
    if name.startswith(("keras.losses.", "keras.metrics.", "keras.activations.", "keras.initializers.")):
        text = f'{keras_name(code, node)}.saving.get_custom_objects()["{node.attr.value}"]'
        code.replace(node, text, OWN_NAME)
    return True


def _is_renamed(code: Code, name: str) -> bool:
    return any(isinstance(code.parent(use), cst.AsName) for use in code.uses_of.get(name, []))


def _move_use(
    code: Code,
    part: cst.Attribute,
    chain: list[cst.BaseExpression],
    root: str,
    old: str,
    home: str,
    *,
    mixed: bool,
) -> None:
    spelled, first = code.source(part), code.source(chain[-1])
    names = old.split(".")
    stem = ".".join(names[: len(names) - (len(chain) - 1 - chain.index(part))])  # the meaning of the first name
    new_stem = homes.MODULES.get(stem, stem)
    if not stem:  # for TensorFlow
        says_keras = new_root(root, home, mixed=mixed) == "keras"
        text = (keras_name(code, chain[-1]) if says_keras else f"{first}.keras") + home.removeprefix("keras")
    else:
        text = first + home.removeprefix(new_stem) if home.startswith(new_stem) else spelled
    if text == spelled:
        return
    code.replace(part, text, RENAMED.format(old=old, new=home) if home != old else MIXED)
