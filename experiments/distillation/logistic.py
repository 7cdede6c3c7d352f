"""Logistic and kernel ridge regression by formulas of their own, and the weights that suit a subset best."""

import numpy as np
from scipy.optimize import nnls
from scipy.special import expit


class Task:
    """Rows with classes 0 and 1, an intercept, and the models of all of them along a range of ridges."""

    def __init__(self, X, y, ridges):
        self.X, self.y, self.ridges = X, y, ridges
        self.A = np.column_stack([np.ones(len(X)), X])
        self.penalty = np.array([0.0] + [1.0] * X.shape[1])
        self.full = self.path(np.arange(len(X)), np.ones(len(X)))

    def curvature(self, rows, weights, theta, ridge):
        mean = expit(self.A[rows] @ theta)
        return (self.A[rows].T * (weights * mean * (1 - mean))) @ self.A[rows] + ridge * np.diag(self.penalty)

    def fit(self, rows, weights, ridge, theta):
        """Newton's method with steps that are halved until the loss falls."""
        A, y = self.A[rows], self.y[rows]

        def loss(theta):
            eta = A @ theta
            return weights @ (np.logaddexp(0, eta) - y * eta) + ridge * (self.penalty * theta**2).sum() / 2

        for _ in range(100):
            slope = A.T @ (weights * (expit(A @ theta) - y)) + ridge * self.penalty * theta
            curvature = self.curvature(rows, weights, theta, ridge)
            step = np.linalg.lstsq(curvature, slope, rcond=1e-15)[0]
            length, now = 1.0, loss(theta)
            while loss(theta - length * step) > now + 1e-12 * abs(now) and length > 1e-9:
                length /= 2
            theta = theta - length * step
            if np.linalg.norm(step) <= 1e-8 * np.linalg.norm(theta) + 1e-13:
                break
        return theta

    def path(self, rows, weights, ridges=None):
        """Coefficients, the intercept first, from the largest ridge to the smallest."""
        found, theta = [], np.zeros(self.A.shape[1])
        for ridge in self.ridges if ridges is None else ridges:
            theta = self.fit(rows, weights, ridge, theta)
            found.append(theta)
        return np.array(found)

    def error(self, rows, weights):
        return worst(self.full, self.path(rows, weights))

    def features(self, nodes=9):
        """Row i: H^-1 g_i / |theta| at some of the ridges, g_i the gradient of its loss at the model of all rows."""
        parts = []
        for k in np.linspace(0, len(self.ridges) - 1, nodes).round().astype(int):
            theta, everything = self.full[k], np.arange(len(self.X))
            curvature = self.curvature(everything, np.ones(len(self.X)), theta, self.ridges[k])
            gradients = self.A * (expit(self.A @ theta) - self.y)[:, None]
            parts.append(gradients @ np.linalg.inv(curvature) / np.linalg.norm(theta))
        return np.hstack(parts)

    def leverages(self):
        """x_i' H^-1 x_i w_i at the ridge in the middle."""
        middle = len(self.ridges) // 2
        mean = expit(self.A @ self.full[middle])
        curvature = self.curvature(np.arange(len(self.X)), np.ones(len(self.X)), self.full[middle], self.ridges[middle])
        return np.einsum("ij,ij->i", self.A @ np.linalg.inv(curvature), self.A) * mean * (1 - mean)


class KernelTask:
    """Kernel ridge regression with exp(-|z - z'|^2 / (2 m l^2)), z standardised; what counts is predictions at all
    rows."""

    def __init__(self, X, y, ridges, length):
        self.X, self.y, self.ridges, self.length = X, y, ridges, length
        z = (X - X.mean(axis=0)) / X.std(axis=0)
        squares = (z**2).sum(axis=1)
        distances = np.maximum(0, squares[:, None] + squares - 2 * z @ z.T)
        self.kernel = np.exp(distances / (-2 * X.shape[1] * length**2))
        self.full = self.path(np.arange(len(X)), np.ones(len(X)))

    def path(self, rows, weights):
        block = self.kernel[np.ix_(rows, rows)]
        return np.array([self.kernel[:, rows] @ np.linalg.solve(block + ridge * np.diag(1 / weights), self.y[rows])
                         for ridge in self.ridges])

    def error(self, rows, weights):
        return worst(self.full, self.path(rows, weights))

    def features(self, nodes=9):
        """Of each row the change of predictions that it stands for, in the eigenvectors that matter."""
        values, vectors = np.linalg.eigh(self.kernel)
        keep = values > 1e-10 * values[-1]
        values, vectors = values[keep], vectors[:, keep]
        parts = []
        for k in np.linspace(0, len(self.ridges) - 1, nodes).round().astype(int):
            left = self.y - self.full[k]
            # Phi = U S^(1/2): of predictions, Phi (Phi'Phi + L)^-1 phi_i r_i = U S / (S + L) U_i r_i
            parts.append(vectors * (values / (values + self.ridges[k])) * left[:, None] / np.linalg.norm(self.full[k]))
        return np.hstack(parts)

    def leverages(self):
        ridge = self.ridges[len(self.ridges) // 2]
        return np.diag(np.linalg.solve(self.kernel + ridge * np.eye(len(self.X)), self.kernel)).copy()


def worst(full, few):
    """Largest |full - few| / |full| along the path."""
    return float((np.linalg.norm(few - full, axis=1) / np.linalg.norm(full, axis=1)).max())


def reduced(features):
    """The features by their principal directions, with a constant for the mass: the same sums up to 1e-8."""
    values, vectors = np.linalg.eigh(features.T @ features)
    kept = features @ vectors[:, values > 1e-16 * values[-1]]
    return np.column_stack([kept, np.full(len(kept), np.sqrt((kept**2).sum(axis=1).mean()))])


def best_weights(features, rows):
    """Weights >= 0 of the rows that match the sums of the features over all rows best; rows of weight 0 are left
    out."""
    weights = nnls(features[rows].T, features.sum(axis=0), maxiter=30 * len(rows))[0]
    weights *= len(features) / weights.sum()
    return rows[weights > 0], weights[weights > 0]
