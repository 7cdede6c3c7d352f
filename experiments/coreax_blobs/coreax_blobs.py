"""MMD of weighted subsets of scikit-learn's blobs, as coreax publishes it. See README.md.

The subsets are made by the executable that MOMENTSET_EXECUTABLE names.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from math import comb
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import make_blobs

COLUMNS = 2
ROWS = 1024
CENTRES = 10
SEEDS = (42, 45, 46, 47, 48)


def squared_distances(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)


def median_heuristic(x):
    """Length scale of the kernel: sqrt(median of the squared distances / 2) over all pairs, as in coreax."""
    return np.sqrt(np.median(squared_distances(x, x)[np.triu_indices(len(x), 1)]) / 2)


def kernel_matrix(x, length_scale):
    """K(x, y) = exp(-|x - y|^2 / (2 l^2)), in long double: the MMD is what is left when its sum cancels to far below the
    rounding of doubles."""
    x = x.astype(np.longdouble)
    return np.exp(squared_distances(x, x) / (-2 * np.longdouble(length_scale) ** 2))


def mmd(kernel, rows, weights):
    """sqrt(a' K a), a = weights of the subset - 1/N."""
    difference = np.full(len(kernel), -1 / np.longdouble(len(kernel)))
    difference[rows] += weights.astype(np.longdouble) / weights.astype(np.longdouble).sum()
    return float(np.sqrt(max(np.longdouble(0), difference @ (kernel @ difference))))


def highest_order(size):
    """The highest order whose moments fit one cell: C(2 + K, K) <= size."""
    order = 0
    while comb(COLUMNS + order + 1, COLUMNS) <= size:
        order += 1
    return order


def options_for(method, order, size):
    """What the executable is asked for: the one place here that knows its options."""
    options = [] if method == "default" else ["--method", method]
    if order == "auto":
        return options
    return options + ["--order", str(highest_order(size) if order == "highest" else int(order))]


def compress(executable, folder, x, size, options):
    """Row numbers and weights of the subset."""
    source, target = folder / "blobs.parquet", folder / "subset.parquet"
    pq.write_table(pa.table({"x": x[:, 0], "y": x[:, 1]}), source)
    command = [executable, "compress", source, "-o", target, "--size", size, "--force", "--quiet", *options]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"coreax_blobs: {result.stderr.strip() or 'the certificate does not hold'}")
    subset = pq.read_table(target)
    return subset["row"].to_numpy(), subset["weight"].to_numpy()


def parse(words):
    parser = argparse.ArgumentParser(prog="coreax_blobs", description="Measures the MMD of subsets of blobs.")
    parser.add_argument("--size", default="25,50,100,200", help="rows to keep [%(default)s]")
    parser.add_argument("--order", default="auto,highest",
                        help="orders: a number, auto, or highest, the highest that fits one cell [%(default)s]")
    parser.add_argument("--method", default="default", help="method of compression [%(default)s]")
    parser.add_argument("--output", default="coreax_blobs.csv", help="CSV to write [%(default)s]")
    return parser.parse_args(words)


def measure(executable, folder, cells, method):
    """{(order, size): list over the seeds of (rows kept, MMD, MMD at the wider length scale)}"""
    found = {cell: [] for cell in cells}
    for seed in SEEDS:
        x, _ = make_blobs(n_samples=ROWS, n_features=COLUMNS, centers=CENTRES, random_state=seed)
        scale = median_heuristic(x)
        kernels = [kernel_matrix(x, scale), kernel_matrix(x, scale * np.sqrt(2))]
        for order, size in cells:
            rows, weights = compress(executable, folder, x, size, options_for(method, order, size))
            found[order, size].append((len(rows), *(mmd(kernel, rows, weights) for kernel in kernels)))
    return found


def main(words):
    arguments = parse(words)
    executable = os.environ.get("MOMENTSET_EXECUTABLE")
    if not executable:
        sys.exit("coreax_blobs: MOMENTSET_EXECUTABLE must name the executable")
    cells = [(order, int(size)) for order in arguments.order.split(",") for size in arguments.size.split(",")]
    output = Path(arguments.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with open(output, "w", newline="") as file, tempfile.TemporaryDirectory() as folder:
        table = csv.writer(file)
        table.writerow(["size", "kept", "order", "method", "trials", "mean_mmd", "min_mmd", "max_mmd",
                        "mean_mmd_median_distance"])
        for (order, size), trials in measure(executable, Path(folder), cells, arguments.method).items():
            kept, found, wider = map(np.array, zip(*trials))
            table.writerow([size, kept.max(), order, arguments.method, len(trials), f"{found.mean():.4g}",
                            f"{found.min():.4g}", f"{found.max():.4g}", f"{wider.mean():.4g}"])
            print(f"order {order:>8}, {kept.max():>4} points: MMD {found.mean():.3g}")


if __name__ == "__main__":
    main(sys.argv[1:])
