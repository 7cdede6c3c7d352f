"""The certificate of a coreset."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, NamedTuple

from momentset import _core


class OrderResidual(NamedTuple):
    """Worst scaled residual of the moments of one order: over all points, and the worst over the cells."""

    order: int
    overall: float
    cells: float


class CompanionResidual(NamedTuple):
    """Worst scaled residual of the sums of one further column, a target or a feature of one's own, and of its powers up
    to `degree`, times monomials of the coordinates up to `order`: over all points, and the worst over the cells."""

    column: str
    degree: int
    order: int
    overall: float
    cells: float
    relabelled: bool = False
    """Whether the coreset has values of its own, of which these are the residuals."""


class GroupResidual(NamedTuple):
    """What was measured inside one group: its mass, and the worst scaled residual of its own moments up to `order`,
    over the group and in its cells."""

    name: str
    rows: int
    size: int
    order: int
    cells: int
    mass_input: float
    mass_output: float
    overall: float
    in_cells: float


class ProbeError(NamedTuple):
    """Root mean square error of the weighted mean over the functions of one family that played no part in the choice,
    and the same for random subsets of the same size (0 if there can be none)."""

    family: str
    scale: float
    functions: int
    coreset: float
    random: float


class Diameters(NamedTuple):
    """Quantiles of the cells' diameters, coordinates in standard deviations."""

    minimum: float
    median: float
    upper_decile: float
    maximum: float


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Certificate:
    """What a compression promises and what was measured of it, by code that shares nothing with the compression.

    Its fields are those of the JSON that the command line writes (docs/certificate.md), under the same names; objects
    of the JSON are flattened, `mass.input` is `mass_input`.
    """

    def __init__(self, text: str):
        """From the JSON. Raises Error, naming the field at fault, on anything that is not a certificate."""
        self._holds = _core.certificate_holds(text)
        self._text = text

    def __reduce__(self) -> tuple[Any, ...]:
        return Certificate, (self._text,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """The same as the constructor."""
        return cls(text)

    def to_json(self) -> str:
        """The JSON, byte for byte what the command line writes."""
        return self._text

    @cached_property
    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self._text)
        return fields

    @property
    def kind(self) -> str:
        """What the points are. "subset" stands for points of the input, "relabelled" for these with new targets."""
        return str(self._fields["kind"])

    @property
    def library_version(self) -> str:
        """Version of the library that measured."""
        return str(self._fields["library_version"])

    @property
    def rows(self) -> int:
        """q, points of the input."""
        return int(self._fields["rows"])

    @property
    def size(self) -> int:
        """Points of the output."""
        return int(self._fields["size"])

    @property
    def dimension(self) -> int:
        """m, number of coordinates."""
        return int(self._fields["dimension"])

    @property
    def order(self) -> int:
        """K, highest total degree of the moments kept."""
        return int(self._fields["order"])

    @property
    def features(self) -> int:
        """n, number of moments: C(m + K, K), and those of the companions."""
        return int(self._fields["features"])

    @property
    def cells(self) -> int:
        """Cells in each of which the moments are kept; those of all groups where there are any."""
        return sum(group.cells for group in self.groups) or int(self._fields["tree"]["cells"])

    @property
    def seed(self) -> int:
        """Seed of the test functions and random subsets."""
        return int(self._fields["seed"])

    @property
    def columns(self) -> list[str]:
        """Names of the m coordinates."""
        return list(self._fields["columns"])

    @property
    def options(self) -> dict[str, str]:
        """How it was made."""
        return dict(self._fields["options"])

    @property
    def filled(self) -> dict[str, float]:
        """Columns whose missing values were filled, and with what; the last columns tell where, in this order."""
        lines = self.options.get("filled", "").splitlines()
        return {name: float(value) for name, _, value in (line.rpartition("=") for line in lines)}

    @property
    def own_columns(self) -> list[str]:
        """Names of the coordinates without those that tell what was missing."""
        return self.columns[: len(self.columns) - len(self.filled)]

    @property
    def mass_input(self) -> float:
        """Sum of the input's weights."""
        return float(self._fields["mass"]["input"])

    @property
    def mass_output(self) -> float:
        """Sum of the new weights."""
        return float(self._fields["mass"]["output"])

    @property
    def mass_expected(self) -> float:
        """What the new weights were asked to sum to."""
        return float(self._fields["mass"]["expected"])

    @property
    def smallest_weight(self) -> float:
        """Smallest of the new weights."""
        return float(self._fields["weights"]["smallest"])

    @property
    def largest_weight(self) -> float:
        """Largest of the new weights."""
        return float(self._fields["weights"]["largest"])

    @property
    def effective_sample_size(self) -> float:
        """(sum c)^2 / sum c^2 of the new weights c."""
        return float(self._fields["weights"]["effective_sample_size"])

    @property
    def moved_points(self) -> int:
        """Output points whose coordinates are not, bit for bit, those of their row."""
        return int(self._fields["moved_points"])

    @property
    def residuals(self) -> list[OrderResidual]:
        """One for each order 0..K."""
        return [OrderResidual(entry["order"], entry["global"], entry["cells"]) for entry in self._fields["residuals"]]

    @property
    def companions(self) -> list[CompanionResidual]:
        """One for each target and each feature of one's own; empty if there are none."""
        return [CompanionResidual(entry["column"], entry["degree"], entry["order"], entry["global"], entry["cells"],
                                  entry.get("relabelled", False))
                for entry in self._fields.get("companions", [])]

    @property
    def feature_map(self) -> dict[str, Any]:
        """Which functions keep their sums, as in the JSON; empty where they are all monomials up to the order."""
        return dict(self._fields.get("feature_map", {}))

    @property
    def groups(self) -> list[GroupResidual]:
        """One for each group, by number; empty if there are none."""
        return [GroupResidual(entry["name"], entry["rows"], entry["size"], entry["order"], entry["tree"]["cells"],
                              entry["mass"]["input"], entry["mass"]["output"], entry["global"], entry["cells"])
                for entry in self._fields.get("groups", [])]

    @property
    def worst_residual(self) -> float:
        """Largest of the residuals, companions and groups included."""
        return float(self._fields["worst_residual"])

    @property
    def tolerance(self) -> float:
        """What rounding alone may leave of a residual."""
        return float(self._fields["tolerance"])

    @property
    def diameters(self) -> Diameters:
        """Quantiles of the cells' diameters, in standard deviations."""
        return Diameters(**self._fields["diameters"])

    @property
    def taylor_bound(self) -> float:
        """Factor of the Taylor bound of the error, the sum over the cells of mass * diameter^(K+1) / (K+1)!."""
        return float(self._fields["taylor_bound"])

    @property
    def probes(self) -> list[ProbeError]:
        """One for each family of test functions."""
        return [ProbeError(**entry) for entry in self._fields["probes"]]

    @property
    def probe_coreset(self) -> float:
        """Root mean square error over all probe functions."""
        return float(self._fields["probe_rms"]["coreset"])

    @property
    def probe_random(self) -> float:
        """The same for random subsets of the same size."""
        return float(self._fields["probe_rms"]["random"])

    @property
    def input_hash(self) -> str:
        """Hash of the input (docs/certificate.md, Hashes)."""
        return str(self._fields["input_hash"])

    @property
    def output_hash(self) -> str:
        """Hash of the output."""
        return str(self._fields["output_hash"])

    @property
    def holds(self) -> bool:
        """Residuals and mass within tolerance, no negative weight, no moved point."""
        return self._holds

    @property
    def verdict(self) -> str:
        """One sentence on whether it holds, what was kept, and how it compares with a random subset."""
        where = "in one cell" if self.cells == 1 else f"in each of {self.cells:,} cells"
        kept = (f"{self.size:,} of {plural(self.rows, 'row')} keep {plural(self.features, 'moment')} up to order "
                f"{self.order} {where}")
        if not self.holds:
            return f"Does not hold: {'; '.join(self._faults())}."
        return (f"Holds: {kept} to within {self.worst_residual:.1e} (allowed: {self.tolerance:.1e})"
                f"{self._comparison()}.")

    def _faults(self) -> list[str]:
        faults = []
        if self.worst_residual > self.tolerance:
            faults.append(f"the worst moment residual is {self.worst_residual:.1e}, allowed are {self.tolerance:.1e}")
        if abs(self.mass_output - self.mass_expected) > self.tolerance * self.mass_expected:
            faults.append(f"the weights sum to {self.mass_output:.17g} instead of {self.mass_expected:.17g}")
        if self.smallest_weight < 0:
            faults.append(f"a weight is negative, {self.smallest_weight:.3g}")
        if self.moved_points > 0:
            faults.append(f"{plural(self.moved_points, 'point')} moved")
        return faults

    def _comparison(self) -> str:
        if self.probe_random == 0:
            return ""
        if self.probe_coreset == 0:
            return "; averages of smooth functions are exact"
        ratio = self.probe_random / self.probe_coreset
        if ratio < 2:
            return "; but a random subset of this size would do about as well"
        return f"; averages of smooth functions are {float(f'{ratio:.2g}'):,.10g} times closer than with random rows"

    def __repr__(self) -> str:
        return f"<Certificate: {self.verdict}>"
