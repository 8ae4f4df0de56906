import dataclasses

import pytest

from mnistlab.exceptions import UsageError
from mnistlab.recipes import MAX_SEED, RECIPES, AffineRanges, Recipe


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
        ("epochs", 0, "epochs is 0; it must be a whole number of at least 1"),
        ("epochs", 2.5, "epochs is 2.5; it must be a whole number"),
        ("epochs", True, "epochs is True; it must be a whole number"),
        ("batch_size", -3, "batch_size is -3"),
        ("seed", -1, "seed is -1; it must be a whole number of at least 0"),
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
    ("name", "value"), [("rotation", -1), ("rotation", 200), ("zoom", 1.0), ("shear", float("nan"))]
)
def test_bad_ranges_are_named(name, value):
    with pytest.raises(UsageError, match=f"augmentation range {name} is {value}"):
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


def test_steps_of_an_epoch_leave_out_what_is_held_back():
    recipe = dataclasses.replace(RECIPES["mlp"], batch_size=100, num_validation=50)
    assert recipe.steps_per_epoch(601) == 7
    assert dataclasses.replace(recipe, validation="split").steps_per_epoch(601) == 6
