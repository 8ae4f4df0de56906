"""The order in which the rules are asked."""

from collections.abc import Callable, Sequence

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules import (
    accuracies,
    attributes,
    axes,
    backend,
    batches,
    files,
    images,
    imports,
    initializers,
    inputs,
    layers,
    libraries,
    losses,
    merging,
    metrics,
    optimizers,
    others,
    outputs,
    own_layers,
    renamed,
    saved_functions,
    shared_optimizers,
    spelling,
    strangers,
    training,
    twins,
)
from mnistlab.lesson.migration.values import Values


def ask_rules(code: Code) -> None:
    """Asks every rule for its edits, those that replace much before those that replace little."""
    mixed = spelling.is_mixed(code)
    values = Values(code)
    axes.rewrite_axes(code)
    images.rewrite_image_generators(code, mixed=mixed)
    backend.rewrite_backend(code, values)
    twins.rewrite_twins(code)
    merging.rewrite_merges(code)
    others.rewrite_exports(code)
    strangers.rewrite_strangers(code)
    imports.rewrite_imports(code, mixed=mixed)
    imports.rewrite_uses(code, mixed=mixed)
    with_values: Sequence[Callable[[Code, Values], None]] = (
        initializers.rewrite_initializers,
        attributes.rewrite_attributes,
        renamed.rewrite_renamed,
        batches.rewrite_batches,
        libraries.rewrite_libraries,
        own_layers.rewrite_own_layers,
        metrics.rewrite_metrics,
        shared_optimizers.rewrite_shared_optimizers,
        saved_functions.rewrite_saved_functions,
    )
    rules: Sequence[Callable[[Code], None]] = (
        accuracies.rewrite_accuracies,
        layers.rewrite_arguments,
        inputs.rewrite_inputs,
        outputs.rewrite_outputs,
        optimizers.rewrite_optimizers,
        training.rewrite_training,
        losses.rewrite_losses,
        losses.rewrite_lists,
        files.rewrite_files,
    )
    for rule in with_values:
        rule(code, values)
    for plain_rule in rules:
        plain_rule(code)
    others.rewrite_random_index(code)
    if code.edits or code.has_removals:  # only an old notebook can mean by these what Keras 2 meant
        layers.mark_kernels(code)
        optimizers.mark_default_rates(code)
