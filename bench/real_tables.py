"""Models fitted on a coreset of a real table, beside models fitted on a random subset of the same size.

    real_tables.py [--tables NAMES] [--models NAMES] [--seeds N] [--output CSV]

For every table and model: loss on held-out rows (k-means: cost of all training rows) after fitting the coreset, with its
weights, a random subset and all rows. Every seed splits the table anew, and coreset and random subset share the split.
Differences are paired; a cell counts as worse or better where that is significant at 5 % after Holm's correction over
all cells (t-test). Run by `./dev bench real_tables`.
"""

import argparse
import csv
import sys
import time
import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import momentset as ms

CLUSTERS = 10


@dataclass
class Table:
    X: np.ndarray
    y: np.ndarray | None
    classes: bool = False


def from_sklearn(load, classes):
    X, y = load(return_X_y=True)
    return Table(X, y, classes)


def from_statsmodels(name, target, classes=False):
    import statsmodels.api as sm

    frame = getattr(sm.datasets, name).load_pandas().data.dropna()
    return Table(frame.drop(columns=target).to_numpy(float), frame[target].to_numpy(float), classes)


def photograph(name):
    """Red, green, blue, row and column of each pixel."""
    picture = datasets.load_sample_image(name)
    rows, columns = np.indices(picture.shape[:2])
    return Table(np.column_stack([picture.reshape(-1, 3), rows.ravel(), columns.ravel()]).astype(float), None)


def synthetic(m, rows=1_000_000):
    """Correlated columns with heavy tails in a tenth of them; the target is smooth in ten directions, with noise."""
    random = np.random.default_rng(m)
    X = random.normal(size=(rows, m)) @ (np.eye(m) + 0.3 * random.normal(size=(m, m)) / np.sqrt(m))
    X[:, : m // 10] = np.sign(X[:, : m // 10]) * np.abs(X[:, : m // 10]) ** 1.5
    directions = random.normal(size=(m, 10)) / np.sqrt(m)
    y = np.tanh(X @ directions).sum(axis=1) + X[:, -1] + random.normal(size=rows)
    return Table(X, y)


TABLES = {
    "digits": lambda: from_sklearn(datasets.load_digits, True),
    "diabetes": lambda: from_sklearn(datasets.load_diabetes, False),
    "breast_cancer": lambda: from_sklearn(datasets.load_breast_cancer, True),
    "wine": lambda: from_sklearn(datasets.load_wine, True),
    "randhie": lambda: from_statsmodels("randhie", "mdvis"),
    "fair": lambda: from_statsmodels("fair", "affairs"),
    "star98": lambda: from_statsmodels("star98", "NABOVE"),
    "china": lambda: photograph("china.jpg"),
    "flower": lambda: photograph("flower.jpg"),
    "synthetic_10": lambda: synthetic(10),
    "synthetic_50": lambda: synthetic(50),
    "synthetic_200": lambda: synthetic(200),
}


def size_for(rows):
    """A fifth of a small table, a tenth of a larger one, 5,000 at most."""
    return min(5_000, rows // 5 if rows < 2_000 else rows // 10)


def regression_loss(model, X, y):
    return float(np.mean((model.predict(X) - y) ** 2))


def class_loss(model, X, y):
    """Mean negative logarithm of the probability of the class; a class that the model has not seen has 1e-6."""
    probabilities = np.full((len(X), int(y.max()) + 1), 1e-6)
    probabilities[:, model.classes_.astype(int)] = np.maximum(model.predict_proba(X), 1e-6)
    return float(log_loss(y, probabilities / probabilities.sum(axis=1, keepdims=True), labels=np.arange(int(y.max()) + 1)))


REGRESSION = {
    "ridge": lambda seed: Ridge(1.0),
    "boosting": lambda seed: HistGradientBoostingRegressor(random_state=seed),
    "mlp": lambda seed: MLPRegressor(hidden_layer_sizes=(64,), early_stopping=True, max_iter=200, random_state=seed),
}
CLASSES = {
    "logistic": lambda seed: LogisticRegression(max_iter=500),
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    "mlp": lambda seed: MLPClassifier(hidden_layer_sizes=(64,), max_iter=200, random_state=seed),
}


class Split:
    """Training and held-out rows of one seed, standardised by the training rows."""

    def __init__(self, table, seed):
        rows = np.arange(len(table.X))
        test_rows = min(len(rows) // 4, 50_000)
        train, test = train_test_split(rows, test_size=test_rows, random_state=seed,
                                       stratify=table.y if table.classes else None)
        scaler = StandardScaler().fit(table.X[train])
        self.X, self.X_test = scaler.transform(table.X[train]), scaler.transform(table.X[test])
        self.y, self.y_test = (None, None) if table.y is None else (table.y[train], table.y[test])
        self.classes, self.seed = table.classes, seed

    def loss(self, model, rows, weights):
        """Of a model fitted on the rows, on held-out rows; cost of all training rows for k-means."""
        if model == "k-means":
            found = KMeans(CLUSTERS, n_init=3, random_state=self.seed).fit(self.X[rows], sample_weight=weights)
            return -float(found.score(self.X)) / len(self.X)
        made = (CLASSES if self.classes else REGRESSION)[model](self.seed)
        made.fit(self.X[rows], self.y[rows], sample_weight=weights)
        return (class_loss if self.classes else regression_loss)(made, self.X_test, self.y_test)


def models_of(table):
    return ["k-means"] + ([] if table.y is None else list(CLASSES if table.classes else REGRESSION))


def subsets(split, size):
    """{kind: (rows, weights)} and the seconds that the coreset took."""
    random = np.random.default_rng(split.seed)
    begin = time.perf_counter()
    target = {} if split.y is None else {"target": split.y, "loss": "logistic" if split.classes else "squared"}
    coreset = ms.compress(split.X, size=size, seed=split.seed, weight_sum="n", **target)
    seconds = time.perf_counter() - begin
    # Weights of mean 1, as a random subset has them: regularisation then weighs as much in both.
    weights = coreset.weights / coreset.weights.mean()
    chosen = random.choice(len(split.X), len(coreset.indices), replace=False)
    return {"coreset": (coreset.indices, weights), "random": (chosen, np.ones(len(chosen)))}, seconds


def run(name, seeds, wanted):
    """{model: {kind: losses over the seeds}}, seconds"""
    table = TABLES[name]()
    losses, seconds = {}, []
    for seed in range(seeds):
        split = Split(table, seed)
        kinds, took = subsets(split, size_for(len(split.X)))
        seconds.append(took)
        if seed == 0:
            kinds["full"] = (np.arange(len(split.X)), np.ones(len(split.X)))
        for model in models_of(table):
            if wanted and model not in wanted:
                continue
            for kind, (rows, weights) in kinds.items():
                losses.setdefault(model, {}).setdefault(kind, []).append(split.loss(model, rows, weights))
    return losses, len(split.X), float(np.median(seconds))


def holm(p_values):
    """Adjusted p-values of Holm's step-down procedure."""
    order, adjusted, largest = np.argsort(p_values), np.empty(len(p_values)), 0.0
    for rank, cell in enumerate(order):
        largest = max(largest, min(1.0, p_values[cell] * (len(p_values) - rank)))
        adjusted[cell] = largest
    return adjusted


def summarise(cells):
    """Prints what the bar asks for."""
    differences = [np.array(cell["coreset"]) - np.array(cell["random"]) for cell in cells]
    if len(differences[0]) < 2:
        return
    adjusted = holm(np.array([1.0 if np.ptp(d) == 0 else stats.ttest_1samp(d, 0).pvalue for d in differences]))
    worse = [c for c, d, p in zip(cells, differences, adjusted) if d.mean() > 0 and p < 0.05]
    better = [c for c, d, p in zip(cells, differences, adjusted) if d.mean() < 0 and p < 0.05]
    lower = sum(d.mean() < 0 for d in differences)
    print(f"\n{len(cells)} cells: lower mean loss than random in {lower} ({lower / len(cells):.0%}), significantly better in "
          f"{len(better)}, significantly worse in {len(worse)}"
          + "".join(f"\n  worse: {c['table']}, {c['model']}" for c in worse))


def main():
    parser = argparse.ArgumentParser(prog="real_tables", description=__doc__.splitlines()[0])
    parser.add_argument("--tables", default=",".join(TABLES), help="[%(default)s]")
    parser.add_argument("--models", default="", help="ridge, logistic, boosting, mlp, k-means [all that fit]")
    parser.add_argument("--seeds", type=int, default=20, help="[%(default)s]")
    parser.add_argument("--output", help="CSV of all losses")
    arguments = parser.parse_args()
    unknown = set(arguments.tables.split(",")) - TABLES.keys()
    if unknown:
        sys.exit(f"real_tables: --tables: {', '.join(sorted(unknown))}: must be of {', '.join(TABLES)}")
    warnings.filterwarnings("ignore")  # of the models: not converged, constant columns
    cells = []
    print(f"{'table':>14} {'rows':>8} {'model':>9} | {'full':>9} {'random':>9} {'coreset':>9} | {'coreset/random':>14} "
          f"{'2 s.e.':>7}", flush=True)
    for name in arguments.tables.split(","):
        losses, rows, seconds = run(name, arguments.seeds, set(filter(None, arguments.models.split(","))))
        for model, kinds in losses.items():
            cells.append({"table": name, "model": model, **kinds})
            coreset, random = np.array(kinds["coreset"]), np.array(kinds["random"])
            error = 2 * np.std(coreset - random, ddof=1) / np.sqrt(len(random)) if len(random) > 1 else np.nan
            print(f"{name:>14} {rows:>8} {model:>9} | {kinds['full'][0]:>9.4g} {random.mean():>9.4g} {coreset.mean():>9.4g} | "
                  f"{coreset.mean() / random.mean():>14.3f} {error / random.mean():>7.3f}", flush=True)
        print(f"{name:>14} compressed in {seconds:.2f} s", flush=True)
    summarise(cells)
    if arguments.output:
        with open(arguments.output, "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["table", "model", "kind", "seed", "loss"])
            for cell in cells:
                for kind in ("full", "random", "coreset"):
                    for seed, loss in enumerate(cell[kind]):
                        table.writerow([cell["table"], cell["model"], kind, seed, f"{loss:.6g}"])


if __name__ == "__main__":
    main()
