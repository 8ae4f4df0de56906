"""Random affine transforms: rotation, shift, shear and zoom as one resampling of the image.

The transform is the one of Keras' `ImageDataGenerator` (keras/src/legacy/preprocessing/image.py), in closed form: an
output pixel (x, y) takes its value from

    sx = c + zx·cosθ·(x−c) − zy·sin(θ+φ)·(y−c) + tx·cosθ − ty·sinθ
    sy = c + zx·sinθ·(x−c) + zy·cos(θ+φ)·(y−c) + tx·sinθ + ty·cosθ

with the rotation θ, the shear φ, the shifts tx, ty in pixels, the zoom factors zx, zy and the image's centre c. Values
between pixels are interpolated bilinearly; beyond the edge the edge pixel is repeated.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.models.backend import keras
from mnistlab.models.backend import tensorflow as tf
from mnistlab.recipes import AffineRanges

NUM_TRANSFORM_COEFFICIENTS = 8  # a projective transform; an affine one leaves the last two at zero


@dataclasses.dataclass(frozen=True)
class AffineParameters:
    """The parameters drawn for a batch: float64 arrays of shape `(num_images,)`.

    Args:
        rotation: Angle θ in degrees.
        x_shift: Shift tx in pixels; a positive value takes the pixel from further right, so the digit moves left.
        y_shift: Shift ty in pixels; a positive value moves the digit up.
        shear: Angle φ in degrees.
        x_zoom: Factor zx; above 1 the digit becomes narrower.
        y_zoom: Factor zy; above 1 the digit becomes lower.
    """

    rotation: NDArray[np.float64]
    x_shift: NDArray[np.float64]
    y_shift: NDArray[np.float64]
    shear: NDArray[np.float64]
    x_zoom: NDArray[np.float64]
    y_zoom: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class RandomAffine:
    """Draws random affine transforms, a fresh one for every image of every step.

    The draws are a function of seed and step alone, so a training run that continues at step 1,000 sees the images that
    it would have seen without the interruption.

    Args:
        ranges: Ranges of each part of the transform.
        seed: Seed of the draws, at least 0.

    Example:
        >>> augmentation = RandomAffine(AffineRanges(rotation=8), seed=0)
        >>> drawn = augmentation.draw(num_images=3, step=0)
        >>> bool((abs(drawn.rotation) <= 8).all())
        True
    """

    ranges: AffineRanges
    seed: int = 0

    def draw(
        self, num_images: int, step: int, *, height: int = IMAGE_SHAPE[0], width: int = IMAGE_SHAPE[1]
    ) -> AffineParameters:
        """Draws the parameters of a batch, uniformly within the ranges.

        Args:
            num_images: Number of images in the batch.
            step: Number of the weight update that the batch is for, from 0.
            height: Height of the images in pixels.
            width: Width of the images in pixels.
        """
        generator = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, 0, 0, step]))
        unit = generator.uniform(-1.0, 1.0, size=(6, num_images))
        ranges = self.ranges
        return AffineParameters(
            rotation=unit[0] * ranges.rotation,
            x_shift=unit[1] * ranges.width_shift * width,
            y_shift=unit[2] * ranges.height_shift * height,
            shear=unit[3] * ranges.shear,
            x_zoom=1 + unit[4] * ranges.zoom,
            y_zoom=1 + unit[5] * ranges.zoom,
        )

    def draw_transforms(self, num_images: int, step: int) -> NDArray[np.float32]:
        """Draws a batch's parameters and returns them as the transforms that `transform_images` takes."""
        return affine_transforms(self.draw(num_images, step))


def affine_transforms(
    parameters: AffineParameters, *, height: int = IMAGE_SHAPE[0], width: int = IMAGE_SHAPE[1]
) -> NDArray[np.float32]:
    """Transforms in the closed form above, as rows of coefficients.

    Returns:
        float32 `(num_images, 8)`: a0, a1, a2, b0, b1, b2, 0, 0 with sx = a0·x + a1·y + a2 and sy = b0·x + b1·y + b2,
        the layout of TensorFlow's `ImageProjectiveTransformV3`.
    """
    rotation, shear = np.deg2rad(parameters.rotation), np.deg2rad(parameters.shear)
    x_center, y_center = width / 2 - 0.5, height / 2 - 0.5
    cos, sin = np.cos(rotation), np.sin(rotation)
    a0, a1 = parameters.x_zoom * cos, -parameters.y_zoom * np.sin(rotation + shear)
    b0, b1 = parameters.x_zoom * sin, parameters.y_zoom * np.cos(rotation + shear)
    a2 = x_center - a0 * x_center - a1 * y_center + parameters.x_shift * cos - parameters.y_shift * sin
    b2 = y_center - b0 * x_center - b1 * y_center + parameters.x_shift * sin + parameters.y_shift * cos
    zero = np.zeros_like(a0)
    return np.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1).astype(np.float32)  # 8 of (n,) -> (n, 8)


def transform_images(images: Any, transforms: Any) -> Any:
    """Applies one transform to each image: one bilinear resampling, edges repeated.

    On TensorFlow one kernel works on the whole batch, in parallel over the images.

    Args:
        images: Images `(num_images, height, width)`, pixels 0 to 255, any numeric dtype.
        transforms: Transforms, float32 `(num_images, 8)`, from `affine_transforms`.

    Returns:
        float32 tensor `(num_images, height, width)`, pixels 0 to 255.
    """
    images = keras.ops.expand_dims(keras.ops.cast(images, "float32"), -1)  # (n, 28, 28) -> (n, 28, 28, 1)
    if keras.backend.backend() == "tensorflow":
        transformed = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=transforms,
            output_shape=tf.shape(images)[1:3],
            interpolation="BILINEAR",
            fill_mode="NEAREST",
            fill_value=0.0,
        )
    else:
        transformed = keras.ops.image.affine_transform(
            images, transforms, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
        )
    return transformed[..., 0]  # (n, 28, 28, 1) -> (n, 28, 28)
