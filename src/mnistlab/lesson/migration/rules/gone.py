"""Names that Keras no longer has and that nothing of the same name has replaced."""

from mnistlab.lesson.migration import homes

GONE = "Keras 3 no longer has {name}, so this line fails. {advice}"
ADVICE = {
    "keras.layers.merge": "Use keras.layers.Add, Concatenate, Multiply or Average, one for each mode of merge.",
    "keras.layers.Merge": "Use the functional API: keras.layers.Concatenate()([first.output, second.output]).",
    "keras.utils.multi_gpu_model": "Use keras.distribution or tf.distribute.MirroredStrategy.",
    "keras.utils.training_utils": "Use keras.distribution or tf.distribute.MirroredStrategy.",
    "keras.layers.TimeDistributedDense": "Use keras.layers.TimeDistributed(keras.layers.Dense(...)).",
    "keras.layers.LocallyConnected2D": "Use keras.layers.Conv2D, which shares its kernel among all places.",
    "keras.layers.LocallyConnected1D": "Use keras.layers.Conv1D, which shares its kernel among all places.",
    "keras.layers.ThresholdedReLU": "Use keras.layers.ReLU(threshold=...).",
    "keras.layers.MaxoutDense": "Take keras.ops.max over several Dense layers.",
    "keras.models.Graph": "Use the functional API: keras.Input, layers called on tensors, and keras.Model.",
    "keras.regularizers.WeightRegularizer": "Use keras.regularizers.L1L2(l1=..., l2=...).",
    "keras.callbacks.BaseLogger": "Keras averages the metrics of an epoch by itself. Take it out.",
    "keras.wrappers.scikit_learn": (
        "keras.wrappers.SKLearnClassifier takes its place, with other arguments: it takes a function or a model."
    ),
    "keras.preprocessing.text": "Use keras.layers.TextVectorization.",
    "keras.utils.count_params": "model.count_params() counts the weights of a model or a layer.",
    "keras.utils.HDF5Matrix": "Read the file with h5py and put a keras.utils.PyDataset around it.",
    "keras.models.model_from_yaml": "Use model.to_json and keras.models.model_from_json.",
    "keras.backend.learning_phase": "Say training=True or training=False in the call of the model.",
    "keras.backend.set_learning_phase": "Say training=True or training=False in the call of the model.",
    "keras.backend.function": "Make a keras.Model from the inputs to the outputs that are wanted, and call it.",
    "keras.backend.gradients": "Record the calculation with tf.GradientTape and ask the tape for the gradient.",
    "keras.backend.get_session": "There are no sessions any more: what a session ran can be called directly.",
    "keras.backend.set_session": "There are no sessions any more; memory is set with tf.config.",
    "keras.backend.set_value": "Assign to the variable: variable.assign(value).",
    "keras.backend.get_value": "Use keras.ops.convert_to_numpy(variable).",
    "keras.backend": "Most functions of the backend are in keras.ops, under the names that NumPy has for them.",
}


def explain_gone(name: str) -> str:
    """Advice about a name that Keras no longer has.

    Example:
        >>> explain_gone("keras.backend.gradients").startswith("Keras 3 no longer has keras.backend.gradients")
        True
    """
    names = (f"{name}.", f"{homes.find_home(name)}.")
    known = next(
        (place for place in sorted(ADVICE, key=len, reverse=True) if any(n.startswith(f"{place}.") for n in names)), ""
    )
    return GONE.format(name=name, advice=ADVICE.get(known, "")).rstrip()
