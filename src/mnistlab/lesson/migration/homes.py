"""The places of Keras 1 and 2 names in today's Keras, and whether a name exists there."""

from mnistlab.lesson.migration import today

ROOTS = (
    "tensorflow.contrib.keras.python.keras",
    "tensorflow.contrib.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.python.keras",
    "tensorflow.keras",
    "keras",
)

MODULES = {
    **dict.fromkeys(
        [
            f"keras.layers.{name}"
            for name in (
                *("core", "normalization", "normalization.batch_normalization", "convolutional", "pooling", "local"),
                *("advanced_activations", "embeddings", "recurrent", "merge", "noise", "wrappers", "preprocessing"),
                *("cudnn_recurrent", "convolutional_recurrent", "experimental.preprocessing", "experimental"),
            )
        ],
        "keras.layers",
    ),
    **dict.fromkeys(
        [
            f"keras.utils.{name}"
            for name in ("np_utils", "generic_utils", "vis_utils", "visualize_util", "data_utils", "layer_utils")
        ],
        "keras.utils",
    ),
    **dict.fromkeys(
        [
            f"keras.{name}"
            for name in (
                *("optimizers.legacy", "optimizers.experimental", "optimizers.optimizer_v2"),
                *("optimizers.adam_v2", "optimizers.gradient_descent_v2", "optimizers.rmsprop_v2"),
                *("optimizer_v2.adam", "optimizer_v2.gradient_descent", "optimizer_v2.rmsprop", "optimizer_v2"),
            )
        ],
        "keras.optimizers",
    ),
    "keras.objectives": "keras.losses",
    "keras.initializations": "keras.initializers",
}
"""Modules that are gone, and the module that has their names today."""

LEAVES = {
    "keras.engine.Layer": "keras.layers.Layer",
    "keras.engine.InputSpec": "keras.layers.InputSpec",
    "keras.engine.Input": "keras.layers.Input",
    "keras.engine.InputLayer": "keras.layers.InputLayer",
    "keras.engine.Model": "keras.models.Model",
    "keras.engine.Sequential": "keras.models.Sequential",
    "keras.models.Input": "keras.layers.Input",
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.layers.AtrousConvolution2D": "keras.layers.Conv2D",
    "keras.layers.AtrousConvolution1D": "keras.layers.Conv1D",
    "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
    "keras.layers.CuDNNGRU": "keras.layers.GRU",
    "keras.utils.plot": "keras.utils.plot_model",
    "keras.utils.CustomObjectScope": "keras.utils.custom_object_scope",
    "keras.initializers.normal": "keras.initializers.RandomNormal",
    "keras.initializers.uniform": "keras.initializers.RandomUniform",
    "keras.initializers.zero": "keras.initializers.Zeros",
    "keras.initializers.one": "keras.initializers.Ones",
    "keras.regularizers.activity_l1": "keras.regularizers.L1",
    "keras.regularizers.activity_l2": "keras.regularizers.L2",
    "keras.regularizers.activity_l1l2": "keras.regularizers.L1L2",
    "keras.regularizers.l1l2": "keras.regularizers.L1L2",
    "keras.constraints.maxnorm": "keras.constraints.MaxNorm",
    "keras.constraints.max_norm": "keras.constraints.MaxNorm",
    "keras.constraints.nonneg": "keras.constraints.NonNeg",
    "keras.constraints.unitnorm": "keras.constraints.UnitNorm",
    **{
        f"keras.{module}.{old}": f"keras.{module}.{new}"
        for module in ("losses", "metrics")
        for old, new in {
            "mse": "mean_squared_error",
            "MSE": "mean_squared_error",
            "mae": "mean_absolute_error",
            "MAE": "mean_absolute_error",
            "mape": "mean_absolute_percentage_error",
            "msle": "mean_squared_logarithmic_error",
            "kld": "kl_divergence",
            "kullback_leibler_divergence": "kl_divergence",
        }.items()
    },
    "keras.losses.cosine_proximity": "keras.losses.cosine_similarity",
    "keras.losses.cosine": "keras.losses.cosine_similarity",
    "keras.losses.logcosh": "keras.losses.log_cosh",
    **{
        f"keras.optimizers.{name.lower()}": f"keras.optimizers.{name}"
        for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam")
    },
}
"""Names that moved or were renamed one by one; `keras.engine` stands for all of its modules."""


_WELL_KNOWN = {
    "keras.models": "Sequential Model load_model model_from_json",
    "keras.layers": (
        "Dense Dropout Activation Flatten Reshape Permute RepeatVector Lambda Conv1D Conv2D Conv3D "
        "MaxPooling1D MaxPooling2D "
        "AveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D UpSampling2D ZeroPadding2D "
        "Conv2DTranspose LSTM GRU "
        "SimpleRNN Embedding BatchNormalization LeakyReLU PReLU ELU GaussianNoise Convolution1D Convolution2D "
        "TimeDistributed Bidirectional Input Concatenate SeparableConv2D Cropping2D SpatialDropout2D"
    ),
    "keras.optimizers": "SGD Adam RMSprop Adagrad Adadelta Adamax Nadam",
    "keras.callbacks": "ModelCheckpoint EarlyStopping ReduceLROnPlateau LearningRateScheduler TensorBoard "
    "CSVLogger LambdaCallback",
    "keras.utils": "to_categorical np_utils plot_model",
    "keras.preprocessing.image": "ImageDataGenerator img_to_array",
    "keras.datasets": "mnist cifar10",
}
WELL_KNOWN = {name: f"{module}.{name}" for module, names in _WELL_KNOWN.items() for name in names.split()} | {
    "K": "keras.backend",
    "keras": "keras",
    "np": "numpy",
}
"""Names that old notebooks get from a star or a file of the author's, and where Keras has them."""


def split_root(name: str) -> tuple[str, str] | None:
    """The way in which code says Keras, and the name as if it had said `keras`; `None` for what is not Keras.

    Example:
        >>> split_root("tensorflow.keras.layers.Dense")
        ('tensorflow.keras', 'keras.layers.Dense')
        >>> split_root("kerastuner.Tuner") is None
        True
    """
    for root in ROOTS:
        if name == root or name.startswith(f"{root}."):
            return root, "keras" + name[len(root) :]
    if name.startswith("keras_preprocessing."):
        return "keras", "keras.preprocessing" + name.removeprefix("keras_preprocessing")
    return None


def find_home(name: str) -> str:
    """The name that a name of old Keras has today; the same if it did not move.

    Example:
        >>> find_home("keras.layers.core.Dense"), find_home("keras.engine.topology.Layer")
        ('keras.layers.Dense', 'keras.layers.Layer')
    """
    if name.startswith("keras.engine."):
        name = f"keras.engine.{name.rpartition('.')[2]}"
    for module in sorted(MODULES, key=len, reverse=True):
        if name == module or name.startswith(f"{module}."):
            name = MODULES[module] + name[len(module) :]
            break
    return LEAVES.get(name, name)


def exists(name: str, root: str = "keras") -> bool:
    """Whether a dotted public name exists in today's Keras; true also where that cannot be known.

    Args:
        name: Name to look up, such as `keras.layers.Dense`.
        root: `keras`, or another way to say it: `tensorflow.keras` also offers a few names that Keras has dropped.

    Example:
        >>> exists("keras.layers.Dense"), exists("keras.backend.learning_phase")
        (True, False)
    """
    parts = name.split(".")
    for length in range(1, len(parts)):
        names = today.names(".".join(parts[:length]), root)
        if names is None or parts[length].startswith("_") or parts[length] == "src":
            return True
        if parts[length] not in names:
            return False
    return True
