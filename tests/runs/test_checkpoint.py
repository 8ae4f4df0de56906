"""A checkpoint is whole, or it is refused."""

import numpy as np

from mnistlab.exceptions import RunError
from mnistlab.runs.checkpoint import Checkpoint


def test_every_flipped_bit_of_a_checkpoint_is_noticed(tmp_path):
    """Flips each bit of a small checkpoint in turn: refused, or nothing that counts has changed."""
    path = tmp_path / "run" / "checkpoint" / "state.npz"
    path.parent.mkdir(parents=True)
    checkpoint = Checkpoint(path, 10)
    checkpoint.num_calls = 7
    checkpoint.save([np.arange(3, dtype=np.float32), np.ones(2, np.int64)])
    content = path.read_bytes()
    refused = 0
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            found = Checkpoint(path, 10)
        except RunError as error:
            assert "Delete it to train from the beginning." in str(error)
            refused += 1
        else:
            assert (found.num_calls, [array.tolist() for array in found.state]) == (7, [[0, 1, 2], [1, 1]])
    assert refused > 4 * len(content)
