"""Mistakes in the weights of a layer, and in the pooling that follows it."""

from typing import Any

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.layers import ExpectedLayer
from mnistlab.lesson.checks.verdicts import Finding, read_findings

FINDINGS = read_findings("""
conv-other: This is a {other} layer; Conv2D was asked for.
  {about}
wrong-kind: This is a {given} layer; a {wanted} layer was asked for.
  A convolution looks at neighbouring pixels, with the same weights everywhere; a dense layer looks at everything.
units-nine: The output layer has 9 units.
  The digits are 0 to 9, and that is ten of them.
units-one: The output layer has 1 unit.
  A single number would say that a 3 lies between a 2 and a 4. Each of the ten digits gets its own.
units-eleven: The output layer has 11 units.
  The digits are 0 to 9, and that is ten of them; an eleventh answer would never be right.
units-of-hidden: The output layer has 512 units, as a hidden layer has.
  There are ten digits, so ten numbers must come out; the second hidden layer belongs before it.
units-of-pixels: The hidden layer has 784 units, as many as an image has pixels; 512 were asked for.
  The layers after the first never see the image. Their width is a choice, and here it is 512.
units-output: The output layer has {size} units.
  There are ten digits, so ten numbers must come out: one probability for each.
units-of-output: The hidden layer has 10 units; 512 were asked for.
  Ten is for the output layer. A hidden layer that narrow lets little through to the next one.
units: The layer has {size} units; {wanted} were asked for.
  Other widths work too, but then parameters, time and accuracy are not those that you compare with.
filters-and-kernel-swapped: The layer has 3 filters of {first}×{last} pixels.
  The number of filters comes first, then their size: Conv2D({wanted}, (3, 3)).
filters-swapped: The layer has {size} filters; here it is {wanted}.
  The first two convolutions have 32 filters, the two after the pooling 64: as the maps get smaller, more kinds of
    patterns are told apart.
filters: The layer has {size} filters; {wanted} were asked for.
  Each filter looks for one pattern; their number decides what the next layer can build from.
kernel-one: The filters are 1×1 pixels; 3×3 was asked for.
  A filter that sees a single pixel knows nothing of its neighbours, and so cannot see a stroke.
kernel: The filters are {sides} pixels; 3×3 was asked for.
  3×3 is the smallest filter that sees every neighbour of a pixel, and two such layers together see 5×5.
padding: The padding is "{padding}", so the maps keep their size.
  Without padding each convolution takes off a frame of one pixel; only then do 4×4×64 = 1,024 numbers reach the
    flattening.
strides: The stride is {stride}, so pixels are skipped.
  Here the filters look at every place, and pooling makes the maps smaller.
pool-global: {pool} is here where max pooling of 2×2 was asked for.
  It keeps one number of each map, 64 in all, and forgets where in the image the pattern was.
pool-before-layer: The pooling stands before this convolution; it belongs after it.
  The convolution then sees maps of half the size, and fewer numbers reach the flattening.
pool-average: The pooling takes the mean; max pooling was asked for.
  The maximum says whether a pattern is there at all; the mean waters it down.
pool-unasked: There is a pooling layer here that was not asked for.
  It halves height and width; too few pixels are left for what follows.
given-pool-removed: There is no pooling layer after convolution 2.
  It was given, below the gap; put keras.layers.MaxPooling2D((2, 2)) back.
pool-missing: The pooling after this layer is missing.
  Without it 8×8×64 = 4,096 numbers reach the dense layer instead of 1,024: four times the weights.
pool-twice/given: There are two pooling layers after this convolution.
  The exercise gives the one after convolution 2, below the gap. Two make the maps four times smaller.
pool-twice: There are two pooling layers after this convolution.
  One halves height and width; two leave almost nothing.
pool-strides: The pooling moves on by {stride} pixels; 2 were asked for.
  By default it moves by its own size, so that each pixel is looked at once: MaxPooling2D((2, 2)).
pool-size: The pooling takes {sides} pixels; 2×2 was asked for.
  2×2 halves height and width and keeps the strongest of every four.
""")
_KINDS = {"dense": "Dense", "conv": "Conv2D"}


def find_in_weights(expected: ExpectedLayer, block: Block) -> Finding | None:
    """The first mistake in kind, size, kernel, padding or stride."""
    size = block.weights.get("size")
    if block.kind != expected.kind:
        given = str(block.weights.get("class") or _KINDS[block.kind])
        return FINDINGS["wrong-kind"].fill(given=given, wanted=_KINDS[expected.kind])
    if expected.kind == "conv":
        return _find_in_convolution(expected, block)
    if size == expected.size:
        return None
    special = _OUTPUT_UNITS if expected.size == 10 else _HIDDEN_UNITS
    name = special.get(size, "units-output" if expected.size == 10 else "units")
    return FINDINGS[name].fill(size=size, wanted=expected.size)


_OUTPUT_UNITS: dict[Any, str] = {1: "units-one", 9: "units-nine", 11: "units-eleven", 512: "units-of-hidden"}
_HIDDEN_UNITS: dict[Any, str] = {10: "units-of-output", 784: "units-of-pixels"}
_ABOUT = {
    "SeparableConv2D": "It looks at each map by itself and then mixes them: fewer weights, and another network.",
    "DepthwiseConv2D": "It looks at each map by itself and never mixes them, so no filter sees what the others found.",
    "Conv2DTranspose": "It goes the other way and makes maps larger, as for drawing images instead of reading them.",
}


def _find_in_convolution(expected: ExpectedLayer, block: Block) -> Finding | None:
    size, kernel = block.weights.get("size"), list(block.weights.get("kernel") or [])
    other = str(block.weights.get("class", "Conv2D"))
    if other != "Conv2D":
        about = _ABOUT.get(other, "It may well work, but then it is not the network that you compare with.")
        return FINDINGS["conv-other"].fill(other=other, about=about)
    padding, strides = block.weights.get("padding"), list(block.weights.get("strides") or [1, 1])
    if size == 3 and kernel[:1] == [expected.size]:
        return FINDINGS["filters-and-kernel-swapped"].fill(first=kernel[0], last=kernel[-1], wanted=expected.size)
    if size != expected.size:
        is_swapped = size == {32: 64, 64: 32}.get(expected.size)
        return FINDINGS["filters-swapped" if is_swapped else "filters"].fill(size=size, wanted=expected.size)
    if kernel == [1, 1]:
        return FINDINGS["kernel-one"]
    if kernel != [3, 3]:
        return FINDINGS["kernel"].fill(sides="×".join(map(str, kernel)))
    if padding != "valid":
        return FINDINGS["padding"].fill(padding=padding)
    if strides != [1, 1]:
        return FINDINGS["strides"].fill(stride=max(strides))
    return None


def find_in_pooling(expected: ExpectedLayer, block: Block) -> Finding | None:
    """The first mistake in the pooling after the layer."""
    pools = block.all("pool")
    if block.all("average"):
        return FINDINGS["pool-average"]
    if not expected.has_pool:
        return FINDINGS["pool-unasked"] if pools else None
    whole = [one["class"] for one in block.all("other") if str(one.get("class")).startswith("Global")]
    if not pools and whole:
        return FINDINGS["pool-global"].fill(pool=whole[0])
    if not pools:
        return FINDINGS["given-pool-removed" if expected.gives_pool else "pool-missing"]
    if len(pools) > 1:
        return FINDINGS["pool-twice/given" if expected.gives_pool else "pool-twice"]
    size, strides = pools[0].get("size"), pools[0].get("strides")
    if size == [2, 2] and strides not in ([2, 2], [], None):
        return FINDINGS["pool-strides"].fill(stride=strides[0])
    if size != [2, 2]:
        return FINDINGS["pool-size"].fill(sides="×".join(map(str, size or [])))
    return None
