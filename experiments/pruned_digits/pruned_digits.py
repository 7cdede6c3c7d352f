"""Error of a network trained on pruned handwritten digits, by metric, policy and kept fraction. See README.md.

The rows are chosen by the executable that MOMENTSET_EXECUTABLE names.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

PROBES = 5
TEST = 597  # of 1,797
METRICS = {
    "el2n": ["--probs", ",".join(f"probs{k}.npy" for k in range(PROBES))],
    "margin": ["--logits", ",".join(f"logits{k}.npy" for k in range(PROBES))],
    "prototypes": ["--clusters", "10"],
    "random": [],
}

warnings.simplefilter("ignore", ConvergenceWarning)  # as many epochs as are asked for


def network(epochs, seed):
    return MLPClassifier((64,), max_iter=max(1, round(epochs)), batch_size=32, learning_rate_init=3e-3, alpha=1e-4,
                         tol=0, n_iter_no_change=10_000, random_state=seed)


def save_probes(folder, X, y, seed):
    """What probes say of all rows, each trained for a few epochs on half of them."""
    for k in range(PROBES):
        half = np.random.default_rng([seed, k]).permutation(len(X))[: len(X) // 2]
        probs = network(10, 100 * seed + k).fit(X[half], y[half]).predict_proba(X)
        np.save(folder / f"probs{k}.npy", probs)
        np.save(folder / f"logits{k}.npy", np.log(np.maximum(probs, 1e-12)))


def prune(executable, folder, metric, policy, fraction, seed):
    """Row numbers, and the class balance b of those kept."""
    words = [executable, "prune", "X.npy", "-o", "kept.parquet", "--score", metric, *METRICS[metric], "--labels", "y.npy",
             "--policy", policy, "--keep", fraction, "--seed", seed, "--json", "--force"]
    result = subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"pruned_digits: {result.stderr.strip()}")
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "kept.parquet", columns=["row"])["row"].to_numpy()
    return rows, json.loads(result.stdout)["balance"]["after"]


def epochs_for(arguments, rows):
    """As many iterations as arguments.epochs on all of the largest training set, whatever is kept."""
    return arguments.epochs * max(arguments.size) / rows


def measure(arguments, executable, size, seed):
    """{(metric, policy, fraction): (error, balance)}"""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    X, X_test, y, y_test = train_test_split(X, y, test_size=TEST, random_state=seed, stratify=y)
    X, y = X[:size], y[:size]
    found, whole = {}, None  # nothing pruned is the same for all metrics
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "X.npy", X)
        np.save(folder / "y.npy", y)
        save_probes(folder, X, y, seed)
        for metric in arguments.metric:
            for policy in arguments.policy if metric != "random" else ["random"]:
                for fraction in arguments.fraction:
                    rows, balance = prune(executable, folder, metric, policy, fraction, seed)
                    error = whole if len(rows) == size else None
                    if error is None:
                        model = network(epochs_for(arguments, len(rows)), seed).fit(X[rows], y[rows])
                        error = 1 - model.score(X_test, y_test)
                    if len(rows) == size:
                        whole = error
                    found[metric, policy, fraction] = error, balance
    return found


def numbers(kind):
    return lambda text: [kind(word) for word in text.split(",")]


def parse(words):
    parser = argparse.ArgumentParser(prog="pruned_digits", description="Measures errors on pruned digits.")
    parser.add_argument("--metric", type=numbers(str), default=list(METRICS), help="metrics [all]")
    parser.add_argument("--policy", type=numbers(str), default="hard,easy", help="policies [%(default)s]")
    parser.add_argument("--fraction", type=numbers(float), default="0.1,0.2,0.4,0.7,1",
                        help="fractions kept [%(default)s]")
    parser.add_argument("--size", type=numbers(int), default="600,1200", help="rows before pruning [%(default)s]")
    parser.add_argument("--epochs", type=float, default=20, help="of the network on the largest size [%(default)s]")
    parser.add_argument("--seeds", type=int, default=10, help="splits of the digits [%(default)s]")
    parser.add_argument("--output", default="pruned_digits.csv", help="CSV to write [%(default)s]")
    return parser.parse_args(words)


def main(words):
    arguments = parse(words)
    executable = os.environ.get("MOMENTSET_EXECUTABLE")
    if not executable:
        sys.exit("pruned_digits: MOMENTSET_EXECUTABLE must name the executable")
    executable = Path(executable).resolve()
    output = Path(arguments.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with open(output, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["size", "metric", "policy", "fraction", "seeds", "error", "standard_error", "balance"])
        for size in arguments.size:
            found = [measure(arguments, executable, size, seed) for seed in range(arguments.seeds)]
            for cell in found[0]:
                errors, balances = np.array([each[cell] for each in found]).T
                scatter = errors.std(ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else 0
                table.writerow([size, *cell, len(errors), f"{errors.mean():.5f}", f"{scatter:.5f}",
                                f"{balances.mean():.4f}"])
            file.flush()
            print(f"{size} rows: done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
