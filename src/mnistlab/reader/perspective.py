"""Four places on one plane and the same four as a camera sees them: the way from each place to the other."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def homography(places: Floats, seen: Floats) -> Floats:
    """The projective transform that brings four places to four others.

    Args:
        places: Places `(4, 2)`, right and down, of which no three lie on a line.
        seen: Where each of them goes, `(4, 2)`.

    Returns:
        Matrix `(3, 3)`, whose last number is 1: (right, down, 1) goes to its product with the matrix, divided by the
        third number of that.

    Raises:
        numpy.linalg.LinAlgError: if three of the places lie on a line.

    Source:
        R. Hartley and A. Zisserman, Multiple View Geometry in Computer Vision (2004), section 4.1.2.

    Example:
        >>> square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
        >>> homography(square, 2 * square + 3).round(9).tolist()
        [[2.0, 0.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 1.0]]
    """
    right, down = places.T
    rows = np.zeros((8, 8))  # one for each coordinate of each place
    rows[0::2, :3] = rows[1::2, 3:6] = np.column_stack([right, down, np.ones(4)])
    rows[0::2, 6:] = -seen[:, :1] * places
    rows[1::2, 6:] = -seen[:, 1:] * places
    return np.append(np.linalg.solve(rows, seen.ravel()), 1).reshape(3, 3)
