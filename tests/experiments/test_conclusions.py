"""The sentences that experiments make of numbers."""

import dataclasses

import numpy as np
import pytest

from mnistlab.evaluation.significance import ImageTest, paired_test
from mnistlab.experiments import augmentation_ranges, batch_size, comparison, label_noise
from mnistlab.experiments.batch_size import explain_runs
from mnistlab.recipes import RECIPES


def row(batch_size, steps, seconds, accuracy, half_width=0.003, final_losses=(0.05, 0.049)):
    interval = [accuracy - half_width, accuracy + half_width]
    return dict(
        zip(
            ("batch_size", "steps", "train_seconds", "test_accuracy", "interval", "final_losses"),
            (batch_size, steps, seconds, accuracy, interval, final_losses),
            strict=True,
        )
    )


def test_explanations_follow_the_numbers():
    base = row(128, 2345, 6.0, 0.98)
    fell, same, rose = (explain_runs([base, row(32, 9375, 18.0, value)])[0] for value in (0.95, 0.981, 0.99))
    assert "3.0 times as long (18.0 s instead of 6.0 s)" in fell
    assert "accuracy fell to 95.00 % from 98.00 %" in fell
    assert fell.endswith("9,375 weight updates instead of 2,345.")
    assert "accuracy was 98.10 %, where 128 gave 98.00 %" in same
    assert "intervals overlap" in same
    assert "accuracy rose to 99.00 %" in rose
    few = explain_runs([base, row(10_000, 30, 3.0, 0.92, final_losses=(0.4, 0.3))])[0]
    assert "30 weight updates instead of 2,345, and the loss still fell by 25 % in the last epoch" in few
    settled = explain_runs([base, row(10_000, 30, 3.0, 0.92, final_losses=(0.3, 0.299))])[0]
    assert settled.endswith("30 weight updates instead of 2,345.")


def group(name, accuracy, **more):
    interval = {"mean": accuracy, "low": accuracy - 0.001, "high": accuracy + 0.001, "num": 3}
    return {"recipe": name, "accuracy": interval, "seconds": {"mean": 2.0}, "num_seeds": 3, **more}


def test_the_verdict_follows_the_test():
    sizes = {"num_parameters": 10, "multiply_adds": 20}
    groups = [group("mlp", 0.98, **sizes), group("cnn", 0.99, **sizes)]
    by_image = ImageTest(3, 27, 1, 9, 0.02)
    clear = comparison.explain(groups, paired_test([0.98, 0.981, 0.979], [0.99, 0.991, 0.9905]), by_image)[0]
    assert clear.startswith("cnn is more accurate than mlp, beyond what chance explains: ")
    assert comparison.explain(groups, paired_test([0.98, 0.981, 0.979], [0.99, 0.991, 0.9905]), by_image)[1] == (
        "mlp gets 1 image right from more seeds than cnn, and cnn 9 (test over images, p = 0.02)."
    )
    unclear = comparison.explain(groups, paired_test([0.98, 0.991, 0.979], [0.99, 0.98, 0.985]), by_image)[0]
    assert unclear.startswith("There is no evidence of a difference in accuracy between mlp and cnn: ")
    single = comparison.explain(groups, paired_test([0.98], [0.99]), by_image)[0]
    assert single.startswith("One seed cannot tell mlp from cnn: train at least two: ")


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.92, "holds"), (0.90, "is not reached")])
def test_the_claim_is_judged(accuracy, verdict):
    row = group("", accuracy, model="cnn", alpha=100, bias=0.0) | {"seconds": {"mean": 130.0}}
    sentence = label_noise.explain([row], 60_000)[0]
    assert f"{verdict}: here the cnn classifies {accuracy * 100:.2f} %" in sentence


def test_biased_noise_names_the_share_at_which_the_labels_turn():
    rows = [group("", accuracy, model="mlp", alpha=20, bias=bias) for bias, accuracy in ((0.0, 0.93), (0.1, 0.03))]
    assert label_noise.explain(rows, 60_000) == [
        "mlp: with 20 random labels per image, 93.00 % when 0 % of them are one confusing digit, 3.00 % when 10 % are. "
        "From a share of 1/20, 5 %, on an image bears the confusing digit more often than its own."
    ]


def test_what_is_no_digit_is_not_called_one():
    rows = [
        group("", accuracy, model="mlp", alpha=alpha, bias=bias)
        for alpha, bias, accuracy in ((0, 0.1, 0.95), (20, 0.0, 0.93), (20, 0.1, 0.03))
    ]
    chart = label_noise.charts(rows, by_bias=True, noun="class")["accuracy"]
    method = label_noise.experiment({"mlp": label_noise.RECIPES["mlp"]}, noun="class").method
    said = [*label_noise.explain(rows, 60_000, "class"), chart.x.title, *method]
    assert sum("one confusing class" in sentence for sentence in said) == 3
    assert not any("digit" in sentence for sentence in said)


def test_augmentation_says_what_each_range_buys():
    test = {"difference": {"mean": 0.004, "num": 3}, "p_value": 0.01}
    groups = [
        group("", 0.99, augmentation="none", difference=None, p_value=None),
        group("", 0.994, augmentation="all", **test),
        group("", 0.99, augmentation="shear", difference={"mean": 0.0001, "num": 3}, p_value=0.8),
    ]
    said = augmentation_ranges.explain(groups)
    assert said[1] == "All of it together: 0.40 points more (p = 0.01)."
    assert said[2] == "Shear alone: no evidence of a difference (+0.01 points, p = 0.8)."


def test_batch_sizes_are_compared_with_the_notebooks():
    base = {"view": "equal epochs", "seconds": {"mean": 10.0}, "accuracy": {"mean": 0.98}}
    groups = [
        base | {"batch_size": 128, "difference": None, "p_value": None},
        base | {"batch_size": 512, "difference": {"mean": 0.0, "num": 3}, "p_value": None},
        base
        | {
            "batch_size": 10_000,
            "seconds": {"mean": 5.0},
            "difference": {"mean": -0.05, "num": 3},
            "p_value": 0.00002,
        },
    ]
    assert batch_size.explain(groups) == (
        "At equal epochs, batches of 128 reach 98.00 % in 10.0 s; batches of 10,000 are worse. In detail, batches of "
        "512: exactly the same accuracy, in 1.0 times the time; batches of 10,000: 5.00 points less (p < 0.0001), in "
        "0.5 times the time."
    )
    assert "no other size is shown to be better or worse. " in batch_size.explain(groups[:2])
    assert batch_size.explain(groups[:1]) == "At equal epochs, batches of 128 reach 98.00 % in 10.0 s."


def test_a_single_noise_has_an_answer_too():
    row = group("", 0.93, model="mlp", alpha=20, bias=0.0)
    assert label_noise.explain([row], 60_000) == ["mlp: 93.00 % with 20 random labels per image."]


def test_batches_larger_than_all_images_are_one_size(tiny_mnist):
    """600 images: batches of 2,048 and of 10,000 would be the same training, counted twice by Holm's correction."""
    made = batch_size.experiment(RECIPES["mlp"], tiny_mnist, num_seeds=1, batch_sizes=(32, 2_048, 10_000))
    assert sorted({one.place["batch_size"] for one in made.trainings}) == [32, 128, 600]
    assert len({one.recipe for one in made.trainings}) == len(made.trainings) - 1  # 128 in two views
    scaled = [one.recipe for one in made.trainings if one.place == {"view": batch_size.SCALED, "batch_size": 600}]
    assert scaled[0].learning_rate == pytest.approx(0.001 * (600 / 128) ** 0.5)
    assert any("There are 600 images to train on" in line and "2,048, 10,000" in line for line in made.method)
    held_back = batch_size.experiment(
        dataclasses.replace(RECIPES["mlp"], validation="split", num_validation=100),
        tiny_mnist,
        num_seeds=1,
        batch_sizes=(550,),
    )
    assert max(one.place["batch_size"] for one in held_back.trainings) == 500
    few = dataclasses.replace(tiny_mnist, train=tiny_mnist.train.take(np.arange(100)))
    made = batch_size.experiment(RECIPES["mlp"], few, num_seeds=1, batch_sizes=(50, 100, 110, 128, 500))
    assert sorted({one.place["batch_size"] for one in made.trainings}) == [50, 128]
