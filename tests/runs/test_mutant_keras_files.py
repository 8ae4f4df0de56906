"""Damaged weights by the thousand: each ends in numbers or in one plain sentence, within 2 s of work and 256 MB."""

import sys

import pytest

from mutants import assert_each_ends_well

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which tells what a process took")


def test_two_hundred_mutants_end_well():
    assert_each_ends_well("hdf5", 0, 200)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 6000, 1000))
def test_six_thousand_mutants_end_well(first):
    assert_each_ends_well("hdf5", first, 1000)


def test_whole_archives_end_well():
    """The zip archive, its JSON and its weights together."""
    assert_each_ends_well("keras", 0, 100)
