"""Mistakes in the weights of a layer, and in the pooling that follows it."""

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.layers import Finding, Layer


def find_in_weights(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in kind, size, kernel, padding or stride."""
    size = block.weights.get("size")
    if block.kind != layer.kind:
        wanted = {"dense": "a Dense layer", "conv": "a Conv2D layer"}
        return (
            "wrong-kind",
            f"This is {wanted[block.kind]}; {wanted[layer.kind]} was asked for.",
            "A convolution looks at neighbouring pixels with the same weights everywhere; a dense layer at everything.",
        )
    if layer.kind == "conv":
        return _find_in_convolution(layer, block)
    if size == layer.size:
        return None
    if layer.size == 10:
        if size == 9:
            return ("units-nine", "The output layer has 9 units.", "The digits are 0 to 9, and that is ten of them.")
        if size == 1:
            return (
                "units-one",
                "The output layer has 1 unit.",
                "A single number would say that a 3 lies between a 2 and a 4. Each of the ten digits gets its own.",
            )
        return (
            "units-output",
            f"The output layer has {size} units.",
            "There are ten digits, so ten numbers must come out: one probability for each.",
        )
    if size == 10:
        return (
            "units-of-output",
            "The hidden layer has 10 units; 512 were asked for.",
            "Ten is for the output layer. So narrow a hidden layer lets little through to the next one.",
        )
    return (
        "units",
        f"The layer has {size} units; {layer.size} were asked for.",
        "Other widths work too, but then parameters, time and accuracy are not those that you compare with.",
    )


def _find_in_convolution(layer: Layer, block: Block) -> Finding | None:
    size, kernel = block.weights.get("size"), list(block.weights.get("kernel") or [])
    if size == 3 and kernel[:1] == [layer.size]:
        return (
            "filters-and-kernel-swapped",
            f"The layer has 3 filters of {kernel[0]}×{kernel[-1]} pixels.",
            f"The number of filters comes first, then their size: Conv2D({layer.size}, (3, 3)).",
        )
    if size != layer.size:
        other = {32: 64, 64: 32}.get(layer.size)
        if size == other:
            return (
                "filters-swapped",
                f"The layer has {size} filters; here it is {layer.size}.",
                "The first two convolutions have 32 filters, the two after the pooling 64: as the maps get smaller, "
                "more kinds of patterns are told apart.",
            )
        return (
            "filters",
            f"The layer has {size} filters; {layer.size} were asked for.",
            "Each filter looks for one pattern; their number decides what the next layer can build from.",
        )
    if kernel != [3, 3]:
        return (
            "kernel",
            f"The filters are {'×'.join(map(str, kernel))} pixels; 3×3 was asked for.",
            "Two 3×3 layers see 5×5 pixels together, with fewer weights than one of 5×5.",
        )
    if block.weights.get("padding") != "valid":
        return (
            "padding",
            f'The padding is "{block.weights.get("padding")}", so the maps keep their size.',
            "Without padding each convolution takes a frame of one pixel off; only then 4×4×64 = 1,024 numbers reach "
            "the flattening.",
        )
    if list(block.weights.get("strides") or [1, 1]) != [1, 1]:
        return (
            "strides",
            f"The stride is {block.weights['strides'][0]}, so pixels are skipped.",
            "Here the filters look at every place, and pooling makes the maps smaller.",
        )
    return None


def find_in_pooling(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in the pooling after the layer."""
    pools, averages = block.all("pool"), block.all("average")
    if averages:
        return (
            "pool-average",
            "The pooling takes the mean; max pooling was asked for.",
            "The maximum says whether a pattern is there at all; the mean waters it down.",
        )
    if not layer.has_pool:
        if pools:
            return (
                "pool-unasked",
                "There is a pooling layer here that was not asked for.",
                "It halves height and width; too few pixels are left for what follows.",
            )
        return None
    if not pools:
        if layer.gives_pool:
            return (
                "given-pool-removed",
                "There is no pooling layer after convolution 2.",
                "It was given, below the gap; put keras.layers.MaxPooling2D((2, 2)) back.",
            )
        return (
            "pool-missing",
            "The pooling after this layer is missing.",
            "Without it 8×8×64 = 4,096 numbers reach the dense layer instead of 1,024: four times the weights.",
        )
    if len(pools) > 1:
        return (
            "pool-twice",
            "There are two pooling layers after this convolution.",
            "The exercise gives the one after convolution 2, below the gap. Two make the maps four times smaller."
            if layer.gives_pool
            else "One halves height and width; two leave almost nothing.",
        )
    if pools[0].get("size") == [2, 2] and pools[0].get("strides") not in ([2, 2], [], None):
        return (
            "pool-strides",
            f"The pooling moves on by {pools[0]['strides'][0]} pixels; 2 were asked for.",
            "By default it moves by its own size, so that each pixel is looked at once: MaxPooling2D((2, 2)).",
        )
    if pools[0].get("size") != [2, 2]:
        return (
            "pool-size",
            f"The pooling takes {'×'.join(map(str, pools[0].get('size') or []))} pixels; 2×2 was asked for.",
            "2×2 halves height and width and keeps the strongest of every four.",
        )
    return None
