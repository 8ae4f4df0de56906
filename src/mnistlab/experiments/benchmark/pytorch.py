"""The notebook's networks as a PyTorch user would train them: the second reference that mnistlab is measured against.

Nothing holds PyTorch back: the whole data set is one tensor and batches are taken by index, without a `DataLoader`;
images lie channels last, as oneDNN likes them; one `grid_sample` augments a batch; Adam is the fused one; all cores
work; and where the processor multiplies bfloat16, autocast is used if a short trial finds it faster. Loss and accuracy
of the training images are not counted, which Keras does at every step.

PyTorch is not a dependency: `mnistlab bench` has this row where `import torch` works.
"""

import importlib.util
import math
import os
import time
from typing import Any

import numpy as np

from mnistlab.datasets import Dataset
from mnistlab.recipes import ModelName
from mnistlab.system.processor import processor

BATCH_SIZE = 128
TRIAL_STEPS = 8


def has_torch() -> bool:
    """Whether PyTorch is installed."""
    return importlib.util.find_spec("torch") is not None


def train_torch(model_name: ModelName, dataset: Dataset, *, epochs: int = 5, seed: int = 0) -> dict[str, Any]:
    """Trains and scores one of the notebook's networks with PyTorch.

    Args:
        model_name: `"mlp"` or `"cnn"`.
        dataset: Train and test split.
        epochs: Passes over the training images.
        seed: Seed of everything random.

    Returns:
        `train_seconds` (validation included), `epoch_seconds`, `test_accuracy` and `precision`.
    """
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    torch.manual_seed(seed)
    images, test_images = (_prepare(split.images, model_name) for split in (dataset.train, dataset.test))
    labels, test_labels = (
        torch.from_numpy(np.array(split.labels, np.int64)) for split in (dataset.train, dataset.test)
    )
    autocast = _is_autocast_faster(model_name, images, labels)
    model, optimizer = _new(model_name)
    validates = model_name == "cnn"  # as in the notebook
    epoch_seconds, accuracy = [], 0.0
    for epoch in range(epochs):
        started = time.perf_counter()
        model.train()
        for batch in torch.randperm(len(images)).split(BATCH_SIZE):
            step(model, optimizer, images[batch], labels[batch], augments=model_name == "cnn", autocast=autocast)
        if validates or epoch == epochs - 1:
            trained = time.perf_counter()
            accuracy = _accuracy(model, test_images, test_labels, autocast=autocast)
        epoch_seconds.append((time.perf_counter() if validates or epoch < epochs - 1 else trained) - started)
    return {
        "train_seconds": sum(epoch_seconds),
        "epoch_seconds": epoch_seconds,
        "test_accuracy": accuracy,
        "precision": "bfloat16" if autocast else "float32",
    }


def step(model: Any, optimizer: Any, images: Any, labels: Any, *, augments: bool, autocast: bool) -> None:
    """One weight update."""
    import torch

    if augments:
        images = augment(images)
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        logits = model(images)
    torch.nn.functional.cross_entropy(logits.float(), labels).backward()
    optimizer.step()


def augment(images: Any) -> Any:
    """Rotation, shift, shear and zoom within the notebook's ranges, each image its own, as one `grid_sample`.

    Args:
        images: Images, float32 `(n, 1, 28, 28)`.

    Returns:
        float32 `(n, 1, 28, 28)`, channels last.
    """
    import torch

    draw = torch.rand(6, len(images)).mul_(2).sub_(1)  # -1 to 1
    rotation, shear = draw[0] * math.radians(8), draw[1] * math.radians(0.3)
    x_zoom, y_zoom = 1 + 0.08 * draw[2], 1 + 0.08 * draw[3]
    x_shift, y_shift = 0.16 * draw[4], 0.16 * draw[5]  # 0.08 of the width, which is 2 in grid_sample's coordinates
    cos, sin = rotation.cos(), rotation.sin()
    rows = [
        x_zoom * cos,
        -y_zoom * (rotation + shear).sin(),
        x_shift * cos - y_shift * sin,
        x_zoom * sin,
        y_zoom * (rotation + shear).cos(),
        x_shift * sin + y_shift * cos,
    ]
    transforms = torch.stack(rows, 1).reshape(-1, 2, 3)  # 6 of (n,) -> (n, 2, 3)
    grid = torch.nn.functional.affine_grid(transforms, list(images.shape), align_corners=False)  # -> (n, 28, 28, 2)
    moved = torch.nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)


def network(model_name: ModelName) -> Any:
    """The notebook's network with Keras' initial weights and settings, without the softmax, which the loss has."""
    from torch import nn

    def norm(kind: Any, width: int) -> Any:
        return kind(width, eps=1e-3, momentum=0.01)  # Keras writes the same momentum as 0.99

    layers: list[Any] = []
    if model_name == "mlp":
        for width in (784, 512):
            layers += [nn.Linear(width, 512), nn.ReLU(inplace=True), nn.Dropout(0.2)]
    else:
        channels = 1
        for filters in (32, 64):
            for _ in range(2):
                layers += [nn.Conv2d(channels, filters, 3), norm(nn.BatchNorm2d, filters), nn.ReLU(inplace=True)]
                channels = filters
            layers.append(nn.MaxPool2d(2))
        layers += [nn.Flatten(), nn.Linear(1024, 512), norm(nn.BatchNorm1d, 512), nn.ReLU(inplace=True)]
        layers.append(nn.Dropout(0.2))
    layers.append(nn.Linear(512, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def _new(model_name: ModelName) -> tuple[Any, Any]:
    import torch

    model = network(model_name)
    if model_name == "cnn":
        model = model.to(memory_format=torch.channels_last)
    return model, torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)


def _prepare(images: Any, model_name: ModelName) -> Any:
    import torch

    scaled = torch.from_numpy(np.array(images)).float().div_(255)
    if model_name == "mlp":
        return scaled.reshape(-1, 784)  # (n, 28, 28) -> (n, 784)
    return scaled[:, None].contiguous(memory_format=torch.channels_last)  # (n, 28, 28) -> (n, 1, 28, 28)


def _is_autocast_faster(model_name: ModelName, images: Any, labels: Any) -> bool:
    """Trains another network for a few steps in each precision, which also starts PyTorch's threads."""
    seconds = {}
    for autocast in (False, True) if processor().multiplies_bfloat16 else (False,):
        model, optimizer = _new(model_name)
        times = []
        for _ in range(TRIAL_STEPS):
            started = time.perf_counter()
            some = images[:BATCH_SIZE], labels[:BATCH_SIZE]
            step(model, optimizer, *some, augments=model_name == "cnn", autocast=autocast)
            times.append(time.perf_counter() - started)
        seconds[autocast] = min(times)
    return min(seconds, key=lambda autocast: seconds[autocast])


def _accuracy(model: Any, images: Any, labels: Any, *, autocast: bool) -> float:
    import torch

    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        predictions = torch.cat([model(part).argmax(1) for part in images.split(1000)])
    return float((predictions == labels).float().mean())
