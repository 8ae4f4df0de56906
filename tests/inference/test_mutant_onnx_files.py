"""Damaged networks by the thousand: each ends in answers or in one plain sentence, within 2 s of work and 256 MB."""

import sys

import pytest

from mutants import assert_each_ends_well

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which tells what a process took")


def test_two_hundred_mutants_end_well():
    assert_each_ends_well("onnx", 0, 200)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 4000, 1000))
def test_four_thousand_mutants_end_well(first):
    assert_each_ends_well("onnx", first, 1000)
