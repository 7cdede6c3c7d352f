"""Rows that keep a path of ridges within a tolerance, beside random ones; and what distilled points are good for. See
README.md.

Sets and points are made by the executable that MOMENTSET_EXECUTABLE names.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from logistic import KernelTask, Task, best_weights, reduced, worst
from scipy.optimize import least_squares
from scipy.special import expit, logit
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression, Ridge

EPS = (0.1, 0.03, 0.01, 0.003, 0.001)


def standardised(X):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


def rows_of(name):
    """Standardised columns and classes 0 and 1."""
    random = np.random.default_rng(1)
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return standardised(X), (y % 2).astype(float)
    if name == "cancer":
        X, y = load_breast_cancer(return_X_y=True)
        return standardised(X), y.astype(float)
    if name == "normal":  # 20,000 rows of ten independent columns
        X = random.normal(size=(20_000, 10))
        return X, (expit(X @ random.normal(0, 0.7, 10)) > random.uniform(size=len(X))).astype(float)
    X = standardised(random.standard_t(4, size=(10_000, 20)) @ random.normal(size=(20, 20)))  # heavy: far outliers
    return X, (expit(X @ random.normal(0, 0.3, 20)) > random.uniform(size=len(X))).astype(float)


def surface(rows=800):
    """Two columns and a smooth function of them with noise."""
    random = np.random.default_rng(2)
    X = random.uniform(-1, 1, (rows, 2))
    return X, np.sin(3 * X[:, 0]) * X[:, 1] + random.normal(0, 0.1, rows)


class Executable:
    """momentset, in a folder of its own; and the processor time that it took."""

    def __init__(self, folder):
        self.program, self.folder, self.seconds = os.environ["MOMENTSET_EXECUTABLE"], Path(folder), 0.0

    def write(self, name, X, y, weights=None):
        table = {f"x{j}": X[:, j] for j in range(X.shape[1])}
        table |= {f"y{t}": column for t, column in enumerate(np.reshape(y, (len(X), -1)).T)}
        pq.write_table(pa.table(table | {"w": np.ones(len(X)) if weights is None else weights}), self.folder / name)

    def run(self, command, *words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run([str(word) for word in (self.program, command, *words, "--force", "--quiet")],
                                capture_output=True, text=True, cwd=self.folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if result.returncode != 0:
            sys.exit(f"distillation: {result.stderr.strip() or 'the certificate does not hold'}")
        return pq.read_table(self.folder / words[words.index("-o") + 1])

    def kept(self, X, y, *words):
        """Numbers and weights of the rows kept."""
        self.write("rows.parquet", X, y)
        columns = ",".join(f"x{j}" for j in range(X.shape[1]))
        found = self.run("distill", "rows.parquet", "-o", "kept.parquet", "--columns", columns, "--target", "y0",
                         *words)
        return found["row"].to_numpy(), found["weight"].to_numpy()

    def within(self, task, eps, *words):
        ranges = f"{task.ridges[-1]:.17g},{task.ridges[0]:.17g}"
        kernel = isinstance(task, KernelTask)
        model = ("kernel", "--length", task.length, "--landmarks", 300) if kernel else ("logistic", "--fit-intercept")
        return self.kept(task.X, task.y, "--model", *model, "--tolerance", eps, "--ridge-range", ranges, *words)

    def moments(self, X, y, size):
        """Rows with the moments of each class, by compress."""
        self.write("rows.parquet", X, y)
        found = self.run("compress", "rows.parquet", "-o", "kept.parquet", "--size", size, "--target", "y0", "--loss",
                         "logistic", "--columns", ",".join(f"x{j}" for j in range(X.shape[1])))
        return found["row"].to_numpy(), found["weight"].to_numpy()

    def points(self, X, Y, weights=None):
        """Points, targets and weights of linear regression."""
        self.write("rows.parquet", X, Y, weights)
        p = np.reshape(Y, (len(X), -1)).shape[1]
        names = [f"x{j}" for j in range(X.shape[1])], [f"y{t}" for t in range(p)]
        found = self.run("distill", "rows.parquet", "-o", "points.parquet", "--columns", ",".join(names[0]), "--target",
                         ",".join(names[1]), "--weights", "w", "--fit-intercept")
        return (*(np.column_stack([found[name].to_numpy() for name in part]) for part in names),
                found["weight"].to_numpy())


def ridges_of(X, arguments, kernel=False):
    """Those at which all sets are compared, in the executable's own range, and most of them between those that it looks
    at."""
    largest = 1e-2 * len(X) if kernel else (X**2).sum(axis=0).mean()
    return np.geomspace(largest, largest * 1e-4, arguments.ridges)


def sizes(columns, rows, growth):
    """From twice the columns to all rows."""
    found = 2.0 * columns
    while found < rows:
        yield int(found)
        found *= growth
    yield rows


def subsets(task, name, arguments, table):
    """Random and leverage-score rows of growing size, with plain weights and the best ones, until their median error is
    below the smallest tolerance."""
    features, scores = reduced(task.features()), task.leverages()
    total = len(task.X)
    for sampling, shares in (("random", np.full(total, 1 / total)), ("leverage", scores / scores.sum())):
        for best in (False, True):
            for size in sizes(task.X.shape[1] + 1, total, arguments.growth):
                errors, kept = [], []
                for draw in range(arguments.draws):
                    random = np.random.default_rng([size, draw])
                    rows = np.sort(random.choice(total, size, replace=False, p=shares))
                    weights = np.ones(size) if size == total else 1 / np.minimum(1, size * shares[rows])
                    if best and size < total:
                        rows, weights = best_weights(features, rows)
                    errors.append(task.error(rows, weights))
                    kept.append(len(rows))
                method = f"{sampling}, best weights" if best else sampling
                table("size", name, method, size, int(np.median(kept)), np.median(errors))
                if np.median(errors) <= min(arguments.eps):
                    break


def size_part(executable, arguments, table):
    for name in arguments.data:
        X, y = rows_of(name) if name != "kernel" else surface()
        ridges = ridges_of(X, arguments, name == "kernel")
        task = KernelTask(X, y, ridges, 0.5) if name == "kernel" else Task(X, y, ridges)
        for eps in arguments.eps:
            rows, weights = executable.within(task, eps)
            table("size", name, "distilled", eps, len(rows), task.error(rows, weights))
            if name in ("normal", "heavy"):  # the others have fewer rows than two classes have moments of order 2
                rows, weights = executable.moments(X, y, max(len(rows), 4 * X.shape[1]))
                table("size", name, "moments of each class", eps, len(rows), task.error(rows, weights))
        if arguments.draws:
            subsets(task, name, arguments, table)


def union_part(executable, arguments, table):
    """All but a tenth of the rows distilled, then trained together with that tenth: the one furthest along a direction
    that the executable does not know, so of another kind than the others."""
    for name in arguments.data:
        if name == "kernel":
            continue
        X, y = rows_of(name)
        direction = np.random.default_rng(5).normal(size=X.shape[1])
        order = np.argsort(X @ direction)
        own, other = np.sort(order[: -(len(X) // 10)]), order[-(len(X) // 10):]
        task, both = Task(X[own], y[own], ridges_of(X[own], arguments)), Task(X, y, ridges_of(X[own], arguments))
        for batches in (0, 4, 16):
            rows, weights = executable.within(task, 0.01, "--batches", batches)
            error = both.error(np.concatenate([own[rows], other]), np.concatenate([weights, np.ones(len(other))]))
            table("union", name, f"{batches} batches", 0.01, len(rows), error)


def conjecture_part(executable, arguments, table):
    """Least-squares synthetic sets of m weighted points in the plane, with soft classes: their path beside that of 40
    rows, at the same ridges, and at ridges of their own choice for each."""
    random = np.random.default_rng(3)
    X = random.normal(size=(40, 2)) * [3, 0.5]  # the weaker column comes in late: the path bends
    ridges = np.geomspace(40, 0.04, 17)
    full = Task(X, (expit(X @ [0.5, -2.0]) > random.uniform(size=40)).astype(float), ridges).full[:, 1:]

    def path(points, targets, weights, ridges):
        """Newton's method at all ridges at once."""
        theta = np.zeros((len(ridges), 2))
        for _ in range(60):
            mean = expit(theta @ points.T)
            slope = (weights * (mean - targets)) @ points + ridges[:, None] * theta
            curvature = np.einsum("km,mi,mj->kij", weights * mean * (1 - mean), points, points)
            curvature += ridges[:, None, None] * np.eye(2)
            step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
            length = np.linalg.norm(step, axis=1, keepdims=True)
            theta = theta - step * np.minimum(1, 2 / np.maximum(length, 1e-300))
            if length.max() < 1e-11:
                break
        return theta

    def split(z, m, free):
        scales = np.exp(np.clip(z[3 * m:], -12, 12))  # weights, then what ridges are multiplied by
        points, targets = z[: 2 * m].reshape(m, 2), expit(z[2 * m: 3 * m])
        return points, targets, scales[:m], ridges * scales[m:] if free else ridges

    for m in range(1, arguments.points + 1):
        starts = []
        for start in range(arguments.starts):
            random = np.random.default_rng([m, start])
            starts.append(np.concatenate([random.normal(size=2 * m), logit(random.uniform(0.1, 0.9, m)),
                                          np.full(m, np.log(40 / m))]))
        for free in (False, True):
            def residuals(z):
                return ((path(*split(z, m, free)) - full) / np.linalg.norm(full, axis=1)[:, None]).ravel()

            found = [least_squares(residuals, z, max_nfev=100, x_scale="jac").x for z in starts]
            errors = [worst(full, path(*split(z, m, free))) for z in found]
            table("conjecture", "plane", "own ridges" if free else "same ridges", m, m, min(errors))
            # Ridges of its own begin at the best set, at those of all rows: so they can only gain.
            starts = [np.concatenate([found[int(np.argmin(errors))], np.zeros(len(ridges))])]


def models_part(executable, arguments, table):
    """Rows distilled for logistic regression serve other models: accuracy on rows held out, beside as many random
    ones."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # which takes seconds to import
    from sklearn.svm import LinearSVC

    for name in arguments.data:
        if name == "kernel":
            continue
        X, y = rows_of(name)
        order = np.random.default_rng(6).permutation(len(X))
        train, test = np.sort(order[len(X) // 4:]), order[: len(X) // 4]
        task = Task(X[train], y[train], ridges_of(X[train], arguments))
        sets = {"all rows": (np.arange(len(train)), np.ones(len(train))), "distilled": executable.within(task, 0.01)}
        random = np.random.default_rng(7).choice(len(train), len(sets["distilled"][0]), replace=False)
        sets["random"] = random, np.full(len(random), len(train) / len(random))
        middle = task.ridges[len(task.ridges) // 2]
        for model, make in (("logistic", lambda: LogisticRegression(C=1 / middle, max_iter=1000)),
                            ("ridge", lambda: Ridge(middle)), ("SVM", lambda: LinearSVC(C=1 / middle)),
                            ("boosted trees", lambda: HistGradientBoostingClassifier(random_state=0))):
            for method, (rows, weights) in sets.items():
                target = task.y[rows]
                fitted = make().fit(task.X[rows], 2 * target - 1 if model == "ridge" else target, sample_weight=weights)
                answer = fitted.predict(X[test])
                right = (answer > (0 if model == "ridge" else 0.5)) == (y[test] > 0.5)
                table("models", name, f"{model}, {method}", 0.01, len(rows), right.mean())


def continual_part(executable, arguments, table):
    """Digits in five tasks of two each, by ridge regression on one-hot classes: distilled points are carried from task
    to task, or a buffer of as many random rows of all so far."""
    X, digits = load_digits(return_X_y=True)
    X, order = standardised(X), np.random.default_rng(8).permutation(len(digits))
    train, test = order[len(X) // 4:], order[: len(X) // 4]
    Y = np.eye(10)[digits]
    memory, seen = None, []
    for first in range(0, 10, 2):
        rows = train[(digits[train] == first) | (digits[train] == first + 1)]
        seen.append(rows)
        ones = np.ones(len(rows))
        parts = [(X[rows], Y[rows], ones)] + ([memory] if memory else [])
        memory = executable.points(*(np.concatenate(part) for part in zip(*parts)))
        so_far = np.concatenate(seen)
        asked = test[digits[test] < first + 2]

        def accuracy(points, targets, weights):
            fitted = Ridge(10.0).fit(points, targets, sample_weight=weights)
            return (fitted.predict(X[asked]).argmax(axis=1) == digits[asked]).mean()

        count = len(memory[2])
        table("continual", "digits", "distilled", first // 2 + 1, count, accuracy(*memory))
        table("continual", "digits", "all rows", first // 2 + 1, len(so_far),
              accuracy(X[so_far], Y[so_far], np.ones(len(so_far))))
        for buffer in (count, 4 * count):
            found = []
            for draw in range(max(1, arguments.draws)):
                chosen = np.random.default_rng([draw, first]).choice(so_far, min(buffer, len(so_far)), replace=False)
                # The buffer's rows of earlier tasks stand for all of them; those of this one are all there.
                old, scale = chosen[digits[chosen] < first], len(so_far) / len(chosen)
                points = np.concatenate([rows, old])
                found.append(accuracy(X[points], Y[points], np.concatenate([ones, np.full(len(old), scale)])))
            table("continual", "digits", f"buffer of {buffer}", first // 2 + 1, buffer, np.mean(found))


def search_part(executable, arguments, table):
    """Processor time of fitting 50 ridges on all rows, and on what was distilled, the distilling included."""
    random = np.random.default_rng(9)
    X = random.normal(size=(arguments.rows, 20)) @ random.normal(size=(20, 20))
    label = (expit(X @ random.normal(0, 0.1, 20)) > random.uniform(size=len(X))).astype(float)
    y = X @ random.normal(size=20) + random.normal(size=len(X))

    def seconds(fit, ridges, *data):
        before = resource.getrusage(resource.RUSAGE_SELF)
        found = np.array([fit(ridge, *data) for ridge in ridges])
        after = resource.getrusage(resource.RUSAGE_SELF)
        return found, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def linear(alpha, X, y, weights):
        return Ridge(alpha).fit(X, y, sample_weight=weights).coef_.ravel()

    def logistic(ridge, X, y, weights):
        solver = LogisticRegression(C=1 / ridge, solver="newton-cholesky", tol=1e-6)
        return solver.fit(X, y, sample_weight=weights).coef_.ravel()

    ones, ridges = np.ones(len(X)), np.geomspace(1, 1e4, 50) * len(X) / 1e4
    for name, fit, target in (("linear", linear, y), ("logistic", logistic, label)):
        full, slow = seconds(fit, ridges, X, target, ones)
        if name == "linear":
            points, targets, weights = executable.points(X, target)
        else:
            rows, weights = executable.kept(X, target, "--model", "logistic", "--fit-intercept", "--tolerance", 0.01,
                                            "--ridge-range", f"{ridges[0]:.17g},{ridges[-1]:.17g}")
            points, targets = X[rows], target[rows]
        made = executable.seconds
        few, fast = seconds(fit, ridges, points, targets, weights)
        table("search", name, "worst difference", len(X), len(points), worst(full, few))
        for method, value in (("all rows", slow), ("distilling", made), ("distilled", fast)):
            table("search", name, method, len(X), len(X) if method == "all rows" else len(points), value)


PARTS = {"size": size_part, "union": union_part, "conjecture": conjecture_part, "models": models_part,
         "continual": continual_part, "search": search_part}


def parse(words):
    parser = argparse.ArgumentParser(prog="distillation", description="Measures what distilled rows and points keep.")

    def some(kind):
        return lambda text: [kind(word) for word in text.split(",")]

    parser.add_argument("--parts", type=some(str), default=",".join(PARTS), help="of %(default)s")
    parser.add_argument("--data", type=some(str), default="cancer,digits,normal,heavy,kernel", help="of %(default)s")
    parser.add_argument("--eps", type=some(float), default=",".join(map(str, EPS)), help="tolerances [%(default)s]")
    parser.add_argument("--draws", type=int, default=3, help="random subsets of each size [%(default)s]")
    parser.add_argument("--growth", type=float, default=1.3, help="of their sizes [%(default)s]")
    parser.add_argument("--ridges", type=int, default=25, help="at which sets are compared [%(default)s]")
    parser.add_argument("--points", type=int, default=6, help="most synthetic points of the conjecture [%(default)s]")
    parser.add_argument("--starts", type=int, default=4, help="of its search [%(default)s]")
    parser.add_argument("--rows", type=int, default=200_000, help="of the search for a ridge [%(default)s]")
    parser.add_argument("--output", default="distillation.csv", help="CSV to write [%(default)s]")
    return parser.parse_args(words)


def main(words):
    arguments = parse(words)
    if not os.environ.get("MOMENTSET_EXECUTABLE"):
        sys.exit("distillation: MOMENTSET_EXECUTABLE must name the executable")
    output = Path(arguments.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with open(output, "w", newline="") as file, tempfile.TemporaryDirectory() as folder:
        writer = csv.writer(file)
        writer.writerow(["part", "data", "method", "setting", "rows", "value"])

        def table(part, data, method, setting, rows, value):
            writer.writerow([part, data, method, setting, rows, f"{value:.4g}"])
            file.flush()
            print(f"{part} {data}: {method}, {setting}: {rows} rows, {value:.3g}", flush=True)

        for part in arguments.parts:
            PARTS[part](Executable(folder), arguments, table)


if __name__ == "__main__":
    main(sys.argv[1:])
