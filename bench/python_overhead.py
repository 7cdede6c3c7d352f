"""What the Python package adds to the time of compress() in C++: 1,000,000 points in 3 columns to 10,000 and 100,000,
asked for as a size and as a fraction.

The C++ time is what the library itself measures of its stages, in the same call: the ratio does not depend on how busy
the machine is. What is left of it is the check of the input, in C++ as well, and the package's own work: views of the
arrays, a thread, the certificate as JSON, the rows that are kept. Run with the package on the path.
"""

import statistics
import time

import numpy as np

import momentset as ms

TRIALS = 7


def ratios(X, **options):
    """Wall time over the time of the stages, of each trial."""
    found = []
    for _ in range(TRIALS):
        began = time.perf_counter()
        small = ms.compress(X, **options)
        found.append((time.perf_counter() - began) / sum(small.seconds.values()))
    return found


def main():
    X = np.random.default_rng(0).uniform(-1, 1, size=(1_000_000, 3))
    forms = {"float64, C order": X, "float64, Fortran order": np.asfortranarray(X), "float32": X.astype(np.float32)}
    for name, form in forms.items():
        for asked in ({"size": 10_000}, {"size": 100_000}, {"keep": 0.1}):
            found = ratios(form, **asked, order=5)
            words = " ".join(f"{option}={value:,}" for option, value in asked.items())
            print(f"{name:<24} {words:<14} {statistics.median(found):.3f} times the C++ time "
                  f"({min(found):.3f} to {max(found):.3f})")


if __name__ == "__main__":
    main()
