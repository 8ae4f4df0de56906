"""Accuracies that say something about the data rather than about the network."""

import numpy as np
import pytest

from mnistlab.evaluation import Evaluation
from mnistlab.evaluation.doubts import foreign_data, is_far_below, no_better_than_guessing


def answers(labels, num_right):
    """An evaluation in which the first so many answers are right."""
    labels = np.asarray(labels, np.uint8)
    given = np.where(np.arange(len(labels)) < num_right, labels, (labels + 1) % 10)
    return Evaluation(labels, np.eye(10, dtype=np.float32)[given])


EVEN = np.arange(1000) % 10


@pytest.mark.parametrize("num_right", [0, 80, 100, 118])
def test_an_accuracy_of_guessing(num_right):
    assert no_better_than_guessing(answers(EVEN, num_right)) == (
        f"The test accuracy of {num_right / 10:.2f} % is no better than that of always giving the most frequent class, "
        "10.00 %."
    )


@pytest.mark.parametrize("num_right", [120, 500, 1000])
def test_an_accuracy_that_is_more(num_right):
    assert no_better_than_guessing(answers(EVEN, num_right)) is None


def test_the_most_frequent_class_is_what_guessing_gives():
    skewed = np.repeat([3, 4], [900, 100])
    assert "the most frequent class, 90.00 %." in no_better_than_guessing(answers(skewed, 905))
    assert no_better_than_guessing(answers(skewed, 930)) is None


def test_few_images_and_one_class_say_nothing():
    assert no_better_than_guessing(answers(EVEN[:19], 0)) is None
    assert no_better_than_guessing(answers(np.full(100, 3), 0)) is None


@pytest.mark.parametrize("seed", range(5))
def test_random_answers_are_guesses(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, 10_000).astype(np.uint8)
    guesses = Evaluation(labels, np.eye(10, dtype=np.float32)[rng.permutation(labels)])
    assert no_better_than_guessing(guesses) is not None


OWN = {"test_accuracy": 0.881, "test_accuracy_low": 0.874, "test_accuracy_high": 0.887}


def test_a_run_on_other_data():
    assert foreign_data("Fashion-MNIST", OWN, "MNIST", answers(EVEN, 98)) == (
        "This run was trained on Fashion-MNIST, where it classified 88.10 % correctly, and is scored on MNIST here, "
        "with 9.80 % far below that."
    )
    assert foreign_data("Fashion-MNIST", OWN, "MNIST", answers(EVEN, 870)) == (
        "This run was trained on Fashion-MNIST, where it classified 88.10 % correctly, and is scored on MNIST here."
    )


def test_far_below_needs_ten_points_and_images_that_say_so():
    assert is_far_below(OWN, answers(EVEN, 700))
    assert not is_far_below(OWN, answers(EVEN, 790))
    assert not is_far_below(OWN, answers(EVEN[:10], 7))
