"""Outlines, corners, lines and views, compared with scikit-image's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import ellipse, polygon2mask
from skimage.measure import approximate_polygon, find_contours
from skimage.transform import ProjectiveTransform, hough_line

from mnistlab.reader.perspective import homography
from mnistlab.reader.segmentation.frames import hough_votes, normals_near_level
from mnistlab.reader.segmentation.outlines import between, outline, simplified

SQUARE = np.array([(20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0)])
MOVES = st.lists(st.floats(-15, 15), min_size=8, max_size=8).map(lambda moves: SQUARE + np.reshape(moves, (4, 2)))


@given(MOVES)
@settings(max_examples=40, deadline=None)
def test_the_outline_holds_the_points_of_scikit_images_contour(corners):
    labels, _ = ndimage.label(polygon2mask((100, 100), corners[:, ::-1]))  # pixels that share a side
    area = labels == np.bincount(labels[labels > 0]).argmax()
    theirs = max(find_contours(np.pad(area, 1).astype(float), 0.5), key=len)[:-1, ::-1] - 1
    assert {tuple(point) for point in outline(area).tolist()} == {tuple(point) for point in theirs.tolist()}


def test_the_outline_goes_round_once():
    area = np.zeros((60, 90), bool)
    area[ellipse(30, 40, 20, 35)] = True
    points = outline(area) - (40, 30)
    turns = np.diff(np.unwrap(np.arctan2(points[:, 1], points[:, 0])))
    assert turns.min() >= 0 and turns.sum() == pytest.approx(2 * np.pi, abs=0.1)


@given(st.integers(0, 10_000), st.floats(0.1, 10))
@settings(max_examples=60, deadline=None)
def test_the_points_kept_are_scikit_images(seed, tolerance):
    points = np.random.default_rng(seed).normal(0, 5, (40, 2)).cumsum(axis=0)
    np.testing.assert_array_equal(simplified(points, tolerance), approximate_polygon(points, tolerance))


def test_a_closed_line_may_begin_and_end_in_one_point():
    points = np.array([(0, 0), (5, 0), (10, 0), (10, 5), (10, 10), (5, 10), (0, 10), (0, 5), (0, 0)], float)
    assert simplified(points, 0.5).tolist() == [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]


@given(MOVES)
@settings(max_examples=40, deadline=None)
def test_between_corners_are_scikit_images_pixels_but_for_those_on_the_edge(corners):
    ours, theirs = between(corners, (100, 100)), polygon2mask((100, 100), corners[:, ::-1])
    assert np.count_nonzero(ours ^ theirs) <= 300  # about as many as the edge is long
    assert np.count_nonzero(ours ^ theirs) < 0.1 * np.count_nonzero(theirs)


@given(MOVES, MOVES)
@settings(max_examples=40, deadline=None)
def test_the_way_between_two_planes_is_scikit_images(places, seen):
    ours, theirs = homography(places, seen), ProjectiveTransform.from_estimate(places, seen)
    points = np.random.default_rng(0).uniform(30, 70, (20, 2))
    moved = np.column_stack([points, np.ones(20)]) @ ours.T
    np.testing.assert_allclose(moved[:, :2] / moved[:, 2:], theirs(points), atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_votes_for_lines_are_scikit_images(seed):
    pixels = np.random.default_rng(seed).random((60, 90)) < 0.1
    angles = np.pi / 2 + np.radians(np.arange(-10, 10.1, 0.5))
    votes, _, distances = hough_votes(pixels, normals_near_level(10.0))
    theirs, _, their_distances = hough_line(pixels, angles)
    where = np.searchsorted(distances, np.round(their_distances))
    np.testing.assert_allclose(distances[where], their_distances)
    assert votes.sum() == theirs.sum() == pixels.sum() * len(angles)
    assert np.abs(votes[where].astype(int) - theirs.astype(int)).sum() <= 0.01 * theirs.sum()  # halves, rounded
