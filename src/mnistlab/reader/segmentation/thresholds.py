"""Where ink ends and paper begins: two thresholds from the literature.

scikit-image has both, and much else that would have to be installed with it: 53 MB. Tests compare them.
"""

import numpy as np
import numpy.typing as npt

NUM_BINS = 256


def otsu_threshold(values: npt.NDArray[np.float32]) -> float:
    """The value that divides numbers into two classes with means as far apart as possible, for their sizes.

    Args:
        values: Numbers of any shape, of which there are at least two different ones.

    Returns:
        The middle of the last of 256 equal bins that belongs to the lower class.

    Source:
        N. Otsu, A threshold selection method from gray-level histograms, IEEE Transactions on Systems, Man, and
        Cybernetics 9 (1979), equation 18.

    Example:
        >>> round(otsu_threshold(np.array([1, 1.1, 1.2, 7, 7.1], np.float32)), 2)
        1.2
    """
    counts, edges = np.histogram(values, NUM_BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts)[:-1], np.cumsum(counts[::-1])[::-1][1:]  # how many lie on either side of a cut
    sums = np.cumsum(counts * middles)
    means_below, means_above = sums[:-1] / below, (sums[-1] - sums[:-1]) / above
    return float(middles[np.argmax(below * above * (means_below - means_above) ** 2)])


def sauvola_threshold(levels: npt.NDArray[np.uint8], window: int, k: float, r: float) -> npt.NDArray[np.float64]:
    """For each pixel the grey level below which it is ink, from mean and spread of the pixels around it.

    Args:
        levels: Grey levels, dark ink on light paper.
        window: Side in pixels of the square around a pixel, odd, below twice the shorter side of the picture, and below
            257.
        k: Share of the mean by which a threshold is lower where nothing but paper is around.
        r: Standard deviation at which the threshold is the mean itself.

    Returns:
        Thresholds of the shape of `levels`.

    Source:
        J. Sauvola and M. Pietikäinen, Adaptive document image binarization, Pattern Recognition 33 (2000), equation 5.
    """
    means = _window_means(levels.astype(np.uint32), window)
    squares = _window_means(levels.astype(np.uint32) ** 2, window)
    spread = np.sqrt(np.clip(squares - means * means, 0, None))
    thresholds: npt.NDArray[np.float64] = means * (1 + k * (spread / r - 1))
    return thresholds


def _window_means(values: npt.NDArray[np.uint32], window: int) -> npt.NDArray[np.float64]:
    """The mean of the window around each pixel, by sums over all that lies above and left.

    These sums may overflow, but not those of a window, which are exact: they are differences, and 2**32 drops out.
    """
    before, after = window // 2 + 1, window // 2  # one more before: a sum leaves out its own first row and column
    padded = np.pad(values, (before, after), mode="reflect")  # (h, w) -> (h + window, w + window)
    sums = padded.cumsum(0, np.uint32).cumsum(1, np.uint32)
    within = sums[window:, window:] - sums[:-window, window:] - sums[window:, :-window] + sums[:-window, :-window]
    means: npt.NDArray[np.float64] = within / window**2  # (h, w)
    return means
