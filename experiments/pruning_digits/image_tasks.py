"""Labelled images of 8 x 8 brightnesses in [0, 1], all of them shipped with scikit-learn."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits, load_sample_images

SIDE = 8
NOISE = 0.2  # standard deviation
ROTATION = 15  # degrees
CONTRAST = 0.5  # of what the images have


class Task(NamedTuple):
    images: np.ndarray
    """(count, 64)"""
    labels: np.ndarray
    """(count,), columns from 0"""
    classes: list[str]
    sizes: list[int]
    """Of training sets, ascending."""
    tests: int
    """Images that nobody trains on."""


class Split(NamedTuple):
    rows: np.ndarray
    """Numbers of the images to train on, in the task."""
    images: np.ndarray
    labels: np.ndarray
    tests: dict[str, np.ndarray]
    """The same new images as they are ("error") and shifted."""
    test_labels: np.ndarray


def digits():
    images, labels = load_digits(return_X_y=True)
    return Task(images / 16, labels, [str(k) for k in range(10)], [300, 600, 1200], 597)


def patches():
    """Squares without overlap of two photographs. A class is the upper or the lower half of one of them: much of the
    sky, of leaves out of focus and of the flower looks alike in both halves: many labels are a matter of luck."""
    images, labels = [], []
    for photograph in load_sample_images().images:
        brightness = photograph.mean(axis=2) / 255
        down, across = (extent // SIDE for extent in brightness.shape)
        squares = brightness[: down * SIDE, : across * SIDE].reshape(down, SIDE, across, SIDE).swapaxes(1, 2)
        images.append(squares.reshape(-1, SIDE * SIDE))
        labels.append(2 * (len(labels)) + np.repeat(np.arange(down) * 2 // down, across))
    names = ["temple, upper half", "temple, lower half", "flower, upper half", "flower, lower half"]
    return Task(np.concatenate(images), np.concatenate(labels), names, [600, 4800], 2000)


TASKS = {"digits": digits, "patches": patches}


def shifted(images, seed):
    squares = images.reshape(-1, SIDE, SIDE)
    turned = ndimage.rotate(squares, ROTATION, axes=(1, 2), reshape=False, order=1, mode="nearest")
    return {"error": images,
            "noise": images + np.random.default_rng(seed).normal(0, NOISE, images.shape),
            "rotation": turned.reshape(images.shape),
            "contrast": 0.5 + CONTRAST * (images - 0.5)}


def split(task, size, seed):
    """Training sets of one seed contain each other, and all have the same new images."""
    order = np.random.default_rng(seed).permutation(len(task.images))
    rows, tests = order[:size], order[-task.tests:]
    return Split(rows, task.images[rows], task.labels[rows], shifted(task.images[tests], seed), task.labels[tests])
