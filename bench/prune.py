"""What pruning costs: ten million scores with class floors, and prototypes beside faiss.

    prune.py [--rows N] [--embeddings N] [--columns N] [--clusters N] [--repeat N]

Seconds are the least of the repetitions; faiss's k-means has the same clusters, iterations and rows for each centre, and
is left out where it is not installed. Run by `./dev bench prune`.
"""

import argparse
import time

import numpy as np

import momentset as ms


def seconds(repeat, action):
    found = []
    for _ in range(repeat):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return min(found)


def selection(arguments):
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=arguments.rows), random.integers(0, 100, arguments.rows)
    ways = {"hard, no classes": {}, "hard, 100 classes": {"labels": labels}}
    for policy in ("window", "stratified", "random"):
        ways[f"{policy}, 100 classes"] = {"labels": labels, "policy": policy}
    for name, options in ways.items():
        took = seconds(arguments.repeat, lambda: ms.prune(scores, keep=0.3, **options))
        print(f"{arguments.rows:>12,} scores, {name:<24} {took:8.2f} s", flush=True)


def by_faiss(faiss, X, clusters):
    """The distance to the nearest centre, as ms.scores.prototypes has it."""
    kmeans = faiss.Kmeans(X.shape[1], clusters, niter=25, spherical=True, seed=1)
    kmeans.train(X)
    return 1 - kmeans.index.search(X, 1)[0][:, 0]


def prototypes(arguments):
    random = np.random.default_rng(1)
    X = random.normal(size=(arguments.embeddings, arguments.columns)).astype(np.float32)
    X += 2 * random.normal(size=(arguments.clusters, arguments.columns)).astype(np.float32)[
        random.integers(0, arguments.clusters, len(X))]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    ways = {"momentset": lambda: ms.scores.prototypes(X, arguments.clusters, seed=1)}
    try:
        import faiss

        ways["faiss"] = lambda: by_faiss(faiss, X, arguments.clusters)
    except ImportError:
        print("faiss is not installed")
    for name, action in ways.items():
        found = []
        took = seconds(1, lambda: found.append(np.mean(action())))
        print(f"{len(X):>12,} x {arguments.columns}, k = {arguments.clusters:,}, {name:<12} {took:8.1f} s, "
              f"mean distance {found[0]:.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000, help="scores [%(default)s]")
    parser.add_argument("--embeddings", type=int, default=1_000_000, help="[%(default)s]")
    parser.add_argument("--columns", type=int, default=384, help="of the embeddings [%(default)s]")
    parser.add_argument("--clusters", type=int, default=1000, help="[%(default)s]")
    parser.add_argument("--repeat", type=int, default=3, help="of the selection [%(default)s]")
    arguments = parser.parse_args()
    selection(arguments)
    prototypes(arguments)


if __name__ == "__main__":
    main()
