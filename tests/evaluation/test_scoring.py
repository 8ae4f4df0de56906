"""What an evaluation counts."""

import numpy as np

from mnistlab import evaluation


def test_evaluation_counts(tiny_mnist):
    split = tiny_mnist.test.take(np.arange(10))
    probabilities = np.full((10, 10), 0.01, np.float32)
    probabilities[np.arange(10), split.labels] = 0.91
    probabilities[3] = 0.05
    probabilities[3, (split.labels[3] + 1) % 10] = 0.55  # a hesitant mistake
    probabilities[7] = 0.01
    probabilities[7, (split.labels[7] + 1) % 10] = 0.91  # a confident one
    result = evaluation.evaluate(lambda images: probabilities[: len(images)], split)
    assert (result.errors, result.accuracy) == (2, 0.8)
    assert result.wrong.tolist() == [7, 3]
    assert result.right.tolist() == [0, 1, 2, 4, 5, 6, 8, 9]
    assert result.confusion.sum() == 10
    assert str(result) == "8 of 10 right: 80.00 % (95 % interval 49.02–94.33)"  # Wilson's interval from R's prop.test
    assert result.to_dict()["errors"] == 2
    assert "80.00 %" in result._repr_html_()
