"""What the layers of a network are called."""

from typing import Literal

from mnistlab.system.sentences import Sentence, said_by

Kind = Literal["input", "convolution", "normalisation", "activation", "pool", "dense", "softmax", "other"]
LOGITS = "output"

_OTHERS = {
    "flatten": Sentence("All numbers in one row (flatten)", "layer.flatten"),
    "channel": Sentence("The image as one channel", "layer.channel"),
    "fold": Sentence("Each block of 2 × 2 pixels as one cell", "layer.fold"),
}


def title_of(name: str, kind: Kind, number: int, main: str) -> str:
    """The title of a layer, for people.

    Args:
        name: Name of the file's output.
        kind: What the layer does.
        number: Its place among the layers of its kind, from 1 on.
        main: Title of the convolution, pooling or dense layer before it; empty if there is none.

    Example:
        >>> title_of("pool_1", "pool", 1, "Convolution 2"), title_of("relu_2", "activation", 0, "Pooling 1")
        ('Pooling 1', 'Pooling 1, ReLU')
    """
    behind, numbered = {"layer": said_by(main) or main}, {"number": number}
    if "dropout" in name:
        return Sentence(f"{main}, dropout (off after training)", "layer.dropout", behind)
    titles: dict[Kind, Sentence] = {
        "input": Sentence("The image, from 0 to 1", "layer.input"),
        "convolution": Sentence(f"Convolution {number}", "layer.convolution", numbered),
        "pool": Sentence(f"Pooling {number}", "layer.pool", numbered),
        "dense": Sentence(f"Hidden layer {number}", "layer.dense", numbered),
        "normalisation": Sentence(f"{main}, normalized", "layer.normalisation", behind),
        "activation": Sentence(f"{main}, ReLU", "layer.activation", behind),
        "softmax": Sentence("Probabilities", "layer.softmax"),
    }
    if name == LOGITS and kind == "dense":
        return Sentence("Ten numbers (logits)", "layer.logits")
    return titles.get(kind) or _OTHERS.get(name) or name.replace("_", " ")
