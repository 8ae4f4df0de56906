import dataclasses
import re

import numpy as np
import pytest

from mnistlab.exceptions import UsageError
from mnistlab.recipes import LIMITS, MAX_SEED, RECIPES, AffineRanges, Limit, Recipe
from mnistlab.recipes.limits import RANGE_LIMITS
from mnistlab.server.training import schemas


def test_the_notebooks_settings():
    for recipe in (RECIPES["mlp"], RECIPES["cnn"]):
        assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (5, 128, 1e-3)
    assert RECIPES["mlp"].augmentation is None
    assert dataclasses.astuple(RECIPES["cnn"].augmentation) == (8, 0.08, 0.08, 0.3, 0.08)
    assert RECIPES["cnn"].validation == "split"


@pytest.mark.parametrize("name", RECIPES)
def test_toml_round_trip(name):
    assert Recipe.from_toml(RECIPES[name].to_toml()) == RECIPES[name]


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        ("model", "vit", "model is 'vit'; it must be one of mlp, cnn"),
        ("epochs", 0, "epochs is 0; it must be a whole number from 1 to 1,000,000"),
        ("epochs", 2.5, "epochs is 2.5; it must be a whole number"),
        ("epochs", True, "epochs is True; it must be a whole number"),
        ("batch_size", -3, "batch_size is -3"),
        ("seed", -1, "seed is -1; it must be a whole number from 0 to 2,147,483,647"),
        ("seed", MAX_SEED + 1, "seed is 2147483648; it must be a whole number from 0 to 2,147,483,647"),
        ("epochs", 10**19, "epochs is 10000000000000000000; it must be a whole number from 1 to 1,000,000"),
        pytest.param(
            "batch_size",
            10**5000,
            "batch_size is a number of thousands of digits; it must be a whole number",
            id="thousands of digits",
        ),
        ("batch_size", "32", "batch_size is '32'; it must be a whole number"),
        ("members", 101, "members is 101; it must be a whole number from 1 to 100"),
        ("max_steps", 0, "max_steps is 0; it must be a whole number from 1"),
        ("beta_1", 1.0, "beta_1 is 1.0; it must be a number from 0 to below 1"),
        ("noise_bias", 1.1, "noise_bias is 1.1; it must be a number from 0 to 1"),
        ("learning_rate", 1e9, "learning_rate is 1000000000.0; it must be a number above 0 and at most 1,000"),
        ("learning_rate", None, "learning_rate is None; it must be a number above 0"),
        ("schedule", "onecycle", "must be one of constant, one-cycle. Did you mean 'one-cycle'"),
        ("augmentation", "yes", "augmentation is 'yes'; it must be AffineRanges or None"),
        ("num_validation", 0, "num_validation is 0"),
        ("learning_rate", 0.0, "learning_rate is 0.0; it must be a number above 0"),
        ("learning_rate", float("nan"), "learning_rate is nan"),
        ("validation", "holdout", "validation is 'holdout'; it must be one of none, split, test"),
        ("precision", "int8", "precision is 'int8'"),
    ],
)
def test_bad_settings_are_named(setting, value, text):
    with pytest.raises(UsageError, match=text):
        dataclasses.replace(RECIPES["mlp"], **{setting: value})


@pytest.mark.parametrize(
    ("name", "value"), [("rotation", -1), ("rotation", 200), ("zoom", 1.0), ("shear", float("nan")), ("zoom", "much")]
)
def test_bad_ranges_are_named(name, value):
    with pytest.raises(UsageError, match=f"augmentation range {name} is {value!r}; it must be a number from 0 to"):
        AffineRanges(**{name: value})


@pytest.mark.parametrize("text", ["name = ", 'name = "x"\nmodel = "mlp"\ncolour = 3', "= broken", 'name = "only"'])
def test_foreign_toml_is_refused(text):
    with pytest.raises(UsageError, match="not a recipe that mnistlab wrote"):
        Recipe.from_toml(text)


def test_differences_name_both_values():
    other = dataclasses.replace(RECIPES["mlp"], batch_size=32, seed=7)
    assert RECIPES["mlp"].differences(other) == ["batch_size 128, not 32", "seed 0, not 7"]


def test_members_have_seeds_of_their_own():
    recipes = [dataclasses.replace(RECIPES["fast"], members=5, seed=seed) for seed in (0, 1, 2, MAX_SEED)]
    members = [member for recipe in recipes for member in recipe.member_recipes()]
    assert len({member.seed for member in members}) == 20
    assert [recipe.member_recipes()[0].seed for recipe in recipes] == [0, 1, 2, MAX_SEED]
    assert {(member.members, member.test_shifts) for member in members} == {(1, False)}


def test_settings_from_the_command_line_are_of_their_kind():
    recipe = RECIPES["mlp"].override(["learning_rate=1", "test_shifts=true"])
    assert recipe.to_toml() == dataclasses.replace(RECIPES["mlp"], learning_rate=1.0, test_shifts=True).to_toml()
    for setting in ("test_shifts=no", "test_shifts=1", "learning_rate=true", "noise_bias=some"):
        with pytest.raises(UsageError, match="it must be"):
            RECIPES["mlp"].override([setting])
    with pytest.raises(UsageError, match="'batch_size=3' would be lost"):
        RECIPES["mlp"].override(["batch_size=3"], varied=["batch_size"])


@pytest.mark.parametrize(("text", "number"), [("1000", 1000), ("1e3", 1000), ("1,000", 1000), ("1000.0", 1000)])
def test_whole_numbers_are_read_as_people_write_them(text, number):
    recipe = RECIPES["mlp"].override([f"batch_size={text}"])
    assert recipe.batch_size == number
    assert type(recipe.batch_size) is int


@pytest.mark.parametrize("text", ["", "two", "1.5", "nan", "-inf", "snan", "1,00", "0", "1e99999999999", "9" * 5000])
def test_what_is_no_whole_number_within_the_limit_is_refused(text):
    with pytest.raises(ValueError, match=r" is not a whole number from 1 to 1,000$"):
        Limit(1, 1000).parse(text)


@pytest.mark.parametrize("text", ["0", "1e-400", "1e400", "nan", "0x1", "1,5"])
def test_what_is_no_number_within_the_limit_is_refused(text):
    with pytest.raises(ValueError, match=r"^'[^']+' is not a number above 0 and at most 1,000$"):
        LIMITS["learning_rate"].parse(text)


def test_numbers_of_numpy_make_the_same_recipe():
    numbers = {"batch_size": np.int64(32), "learning_rate": np.float32(0.5), "seed": np.uint8(7)}
    recipe = dataclasses.replace(RECIPES["mlp"], **numbers)
    assert recipe.to_toml() == dataclasses.replace(RECIPES["mlp"], batch_size=32, learning_rate=0.5, seed=7).to_toml()


def test_every_number_of_a_recipe_has_a_limit():
    numbers = {name for name, value in RECIPES["mlp"].settings().items() if type(value) in (int, float)}
    assert numbers | {"max_steps"} == set(LIMITS)
    assert set(RANGE_LIMITS) == {field.name for field in dataclasses.fields(AffineRanges)}


def test_what_the_page_offers_lies_within_the_limits():
    for name, bounds in schemas.LIMITS.items():
        assert all(LIMITS[name].holds(bound) for bound in bounds)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epoch=3", "'epoch=3' is no setting of a recipe. Did you mean 'epochs'? Expected NAME=VALUE with"),
        ("epochs", "'epochs' gives no value; expected NAME=VALUE"),
        ("epochs=1e9", "epochs is '1e9'; it must be a whole number from 1 to 1,000,000"),
        ("label_noise=2.5", "label_noise is '2.5'; it must be a whole number from 0 to 10,000"),
    ],
)
def test_settings_that_nearly_fit(setting, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        RECIPES["mlp"].override([setting])


def test_steps_of_an_epoch_leave_out_what_is_held_back():
    recipe = dataclasses.replace(RECIPES["mlp"], batch_size=100, num_validation=50)
    assert recipe.steps_per_epoch(601) == 7
    assert dataclasses.replace(recipe, validation="split").steps_per_epoch(601) == 6
