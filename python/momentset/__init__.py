"""Replaces a large weighted set of points by a small weighted subset with the same moments, with a certificate.

    >>> import momentset as ms
    >>> small = ms.compress(X, size=1000)
    >>> X[small.indices], small.weights, small.certificate.verdict
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from momentset import _core, _fork, scores as scores, theory as theory
from momentset._basis import Basis
from momentset._certificate import Certificate, CompanionResidual, Diameters, GroupResidual, OrderResidual, ProbeError
from momentset._compress import compress, plan
from momentset._coreset import Coreset
from momentset._distill import Distillation, DistillationCertificate, distill
from momentset._error import Error
from momentset._estimate import Estimate
from momentset._prune import class_accuracy, class_balance, matched_epochs, probe_angle, prune, score_weights
from momentset._recombine import recombine
from momentset._sketch import Sketch, StreamCertificate, StreamCoreset
from momentset._verify import Check, Verification, read, verify

if TYPE_CHECKING:
    from momentset._estimators import CoresetFit, MomentCoreset, compress_fit

__version__: str = _core.version

__all__ = [
    "Basis", "Certificate", "Check", "CompanionResidual", "Coreset", "CoresetFit", "Diameters", "Distillation",
    "DistillationCertificate", "Error", "Estimate", "GroupResidual", "MomentCoreset", "OrderResidual", "ProbeError", "Sketch", "StreamCertificate", "StreamCoreset",
    "Verification", "class_accuracy", "class_balance", "compress", "compress_fit", "distill", "matched_epochs", "plan",
    "probe_angle", "prune", "read", "recombine", "score_weights", "verify",
]

_fork.watch()


def __getattr__(name: str) -> Any:
    """What needs scikit-learn is imported when it is asked for."""
    if name in ("CoresetFit", "MomentCoreset", "compress_fit"):
        from momentset import _estimators

        return getattr(_estimators, name)
    raise AttributeError(f"module 'momentset' has no attribute '{name}'")
