"""Errors of networks that are trained on pruned images, by metric, policy and fraction kept. See README.md."""

import os

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # trials run side by side, and their matrices are small

import argparse
import csv
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields
from itertools import product
from pathlib import Path

import image_tasks
import momentset as ms
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

BATCH = 64
HIDDEN = 64
STRONG, WEAK = 200, 20  # iterations of the probes; their ratio is that of the epochs in the paper's Fig. 10
EXTREMES = 6  # images of each class at each end
METRICS = ["el2n", "el2n_weak", "margin", "prototypes"]
FACTORS = [0, 0.2, 0.4, 0.6, 0.8]  # of matched iterations, where others have 1
MODELS = {
    "logistic": lambda: LogisticRegression(max_iter=300),
    "support vectors": lambda: SVC(C=10),
    "neighbours": lambda: KNeighborsClassifier(3),
}

warnings.simplefilter("ignore", ConvergenceWarning)  # as many epochs as are asked for


@dataclass(frozen=True)
class Cell:
    """What is kept, and what is trained on it."""

    metric: str
    policy: str
    fraction: float
    class_floor: float = 0.5
    factor: float = 1
    model: str = "network"


def cells(fractions, is_largest):
    """Of a training set. What the smaller ones have as well comes first."""
    found = [Cell("random", "random", 1)]
    for fraction in fractions:
        found += [Cell("random", "random", fraction), Cell("el2n", "theory", fraction)]
        found += [Cell(metric, policy, fraction) for metric, policy in product(METRICS, ("hard", "easy"))]
    if not is_largest:
        return found
    found += [Cell("random", "random", 1, model=model) for model in MODELS]
    for fraction in fractions:
        found += [Cell(metric, policy, fraction, class_floor=0)
                  for metric, policy in product(METRICS, ("hard", "easy")) if metric != "el2n_weak"]
        found += [Cell("prototypes", "hard", fraction, class_floor=0, factor=factor) for factor in FACTORS]
        found += [Cell(*kept, fraction, model=model) for model in MODELS
                  for kept in (("random", "random"), ("el2n", "hard"), ("el2n", "easy"))]
        found += [Cell("el2n_logistic", "hard", fraction, model=model) for model in ("network", "logistic")]
    return found


def network(iterations, rows, seed):
    epochs = max(1, round(iterations / np.ceil(rows / BATCH)))
    return MLPClassifier(HIDDEN, batch_size=min(BATCH, rows), learning_rate_init=3e-3, max_iter=epochs, tol=0,
                         n_iter_no_change=epochs, random_state=seed)


def angle_of(probs):
    """Between a probe and the teacher, in degrees."""
    try:
        return ms.probe_angle(np.argmax(probs, axis=2).T).theta_deg
    except ms.Error:
        return 90  # they agree by chance only


class Trial:
    """One split of a task, how hard its examples are, and the errors of what is trained on some of them."""

    def __init__(self, task, size, seed, iterations, probes):
        self.split, self.seed, self.iterations = image_tasks.split(task, size, seed), seed, iterations
        # As of a perceptron, which the theory speaks of: all weights of the network would make every set a small one.
        self.parameters = task.images.shape[1] + 1
        # Each probe learns half of the examples and scores all.
        self.members = ms.scores.memorisation_subsets(size, probes, share=0.5, seed=seed)
        outputs = {
            "el2n": self.outputs(lambda seed: network(STRONG, size // 2, seed)),
            "el2n_weak": self.outputs(lambda seed: network(WEAK, size // 2, seed)),
            "el2n_logistic": self.outputs(lambda seed: MODELS["logistic"]()),
        }
        self.angles = {metric: angle_of(probs) for metric, probs in outputs.items()}
        self.scores = self.all_scores(outputs, len(task.classes))
        self.known = {}  # errors of a model by its examples and iterations

    def outputs(self, model):
        """(probes, size, classes) probabilities"""
        images, labels = self.split.images, self.split.labels
        first = len(self.members) * self.seed
        return np.array([model(first + k).fit(images[inside], labels[inside]).predict_proba(images)
                         for k, inside in enumerate(self.members)])

    def all_scores(self, outputs, classes):
        images, labels = self.split.images, self.split.labels
        scores = {metric: ms.scores.el2n(probs, labels) for metric, probs in outputs.items()}
        strong = outputs["el2n"]
        scores["margin"] = ms.scores.margin(np.log(np.maximum(strong, 1e-12)), labels)
        scores["memorisation"] = ms.scores.memorisation(self.members, strong[:, np.arange(len(labels)), labels])
        scores["prototypes"] = ms.scores.prototypes(images, classes, seed=self.seed)
        scores["supervised_prototypes"] = ms.scores.supervised_prototypes(images, labels)
        scores["random"] = ms.scores.random(len(labels), self.seed)
        return scores

    def measure(self, cell):
        """What the table has of a cell."""
        labels = self.split.labels
        theory = {}
        if cell.policy == "theory":
            theory = {"examples_per_parameter": len(labels) / self.parameters, "theta_deg": self.angles[cell.metric]}
        kept = ms.prune(self.scores[cell.metric], labels, cell.fraction, cell.policy, cell.class_floor, seed=self.seed,
                        **theory)
        iterations = cell.fraction * ms.matched_epochs(self.iterations, cell.fraction, cell.factor)
        return [*astuple(cell), kept.report.policy, len(kept), f"{kept.report.balance_after:.4f}",
                f"{self.angles.get(cell.metric, np.nan):.2f}",
                *(f"{error:.5f}" for error in self.errors(cell.model, np.asarray(kept), iterations))]

    def errors(self, model, rows, iterations):
        """On new images as they are and shifted."""
        key = model, iterations if model == "network" else None, rows.tobytes()
        if key not in self.known:
            untrained = MODELS[model]() if model in MODELS else network(iterations, len(rows), self.seed)
            trained = untrained.fit(self.split.images[rows], self.split.labels[rows])
            self.known[key] = [1 - trained.score(test, self.split.test_labels) for test in self.split.tests.values()]
        return self.known[key]

    def extremes(self):
        """The easiest and the hardest images of each class: metric, class, end, place, and number in the task."""
        for metric in ("el2n", "margin", "memorisation", "prototypes", "supervised_prototypes"):
            scores = self.scores[metric]
            hardness = np.asarray(scores) if scores.hard == "high" else -np.asarray(scores)
            for label in np.unique(self.split.labels):
                of_class = np.flatnonzero(self.split.labels == label)
                ascending = of_class[np.argsort(hardness[of_class], kind="stable")]
                for place in range(min(EXTREMES, len(ascending) // 2)):
                    yield [metric, label, "easy", place, self.split.rows[ascending[place]]]
                    yield [metric, label, "hard", place, self.split.rows[ascending[-1 - place]]]


def measure_trial(arguments, number):
    """Rows of the table, and those of the extremes, of one trial."""
    task = image_tasks.TASKS[arguments.task]()
    sizes = arguments.size or task.sizes
    rows, extremes = [], []
    for size in sizes:
        trial = Trial(task, size, number, arguments.iterations, arguments.probes)
        for cell in cells(arguments.fraction, size == max(sizes)):
            rows.append([arguments.task, size, number, *trial.measure(cell)])
        if size == max(sizes) and number == arguments.first_trial:
            extremes = [[arguments.task, *row] for row in trial.extremes()]
    return rows, extremes


def numbers(kind):
    return lambda text: [kind(word) for word in text.split(",")]


def parse(words):
    parser = argparse.ArgumentParser(prog="pruning_digits", description="Measures errors on pruned images.")
    parser.add_argument("--task", choices=image_tasks.TASKS, default="digits", help="images [%(default)s]")
    parser.add_argument("--size", type=numbers(int), help="examples before pruning [300,600,1200 digits, 600,4800 "
                        "patches]")
    parser.add_argument("--fraction", type=numbers(float), default="0.1,0.2,0.4,0.8", help="kept [%(default)s]")
    parser.add_argument("--iterations", type=int, default=300, help="of a network, of 64 examples each [%(default)s]")
    parser.add_argument("--probes", type=int, default=10, help="whose scores are averaged [%(default)s]")
    parser.add_argument("--trials", type=int, default=10, help="splits of the images [%(default)s]")
    parser.add_argument("--first-trial", type=int, default=0, help="number of the first one [%(default)s]")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="trials at a time [all cores]")
    parser.add_argument("--output", type=Path, default="pruning_digits.csv", help="CSV to write [%(default)s]")
    return parser.parse_args(words)


def main(words):
    arguments = parse(words)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    second = arguments.output.with_stem(arguments.output.stem + "_extremes")
    with (open(arguments.output, "w", newline="") as file, open(second, "w", newline="") as extremes_file,
          ProcessPoolExecutor(arguments.threads) as pool):
        table, extremes_table = csv.writer(file), csv.writer(extremes_file)
        table.writerow(["task", "size", "trial", *(field.name for field in fields(Cell)), "chosen", "kept", "balance",
                        "theta_deg", "error", "noise", "rotation", "contrast"])
        extremes_table.writerow(["task", "metric", "class", "end", "place", "image"])
        trials = range(arguments.first_trial, arguments.first_trial + arguments.trials)
        for number, (rows, extremes) in zip(trials, pool.map(measure_trial, [arguments] * len(trials), trials)):
            table.writerows(rows)
            extremes_table.writerows(extremes)
            file.flush()
            print(f"trial {number}: {len(rows)} models", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
