"""Coresets as tables and files, in the form of the command line (docs/metadata.md)."""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from momentset._arrays import Doubles
from momentset._error import Error
from momentset._files import certificate_path, format_of, pyarrow_module, writing

if TYPE_CHECKING:
    from momentset._certificate import Certificate
    from momentset._coreset import Coreset


def arrow_table(coreset: Coreset) -> Any:
    """pyarrow Table of the survivors: their own columns, weight and row."""
    arrow = pyarrow_module("pyarrow", "make a table")
    table = coreset.rows
    if table is None:
        table = arrow.table(dict(zip(own_columns(coreset), originals(coreset).T)))
    table = table.drop_columns([name for name in coreset.replaced if name in table.column_names])
    inherited = json.loads((table.schema.metadata or {}).get(b"momentset", b"{}")).get("relabelled", [])
    new = new_targets(coreset)
    for name, values in new.items():
        values = arrow.array(values)
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, values)
        else:
            table = table.append_column(name, values)
    weight, row = (_free_name(name, table.column_names) for name in ("weight", "row"))
    stated = {"columns": own_columns(coreset), "order": coreset.certificate.order, "row_column": row,
              "version": coreset.certificate.library_version, "weight_column": weight}
    relabelled = [*inherited, *(name for name in new if name not in inherited)]
    if relabelled:
        stated["relabelled"] = relabelled
        stated = dict(sorted(stated.items()))  # as the command line writes them
    table = table.append_column(weight, arrow.array(coreset.weights))
    table = table.append_column(row, arrow.array(coreset.row_numbers))
    text = json.dumps(stated, separators=(",", ":"), ensure_ascii=False)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), "momentset": text})


def _free_name(name: str, taken: list[str]) -> str:
    if name not in taken:
        return name
    if f"coreset_{name}" in taken:
        raise Error(f"coreset_{name}", "", "column must be renamed: the output adds one of that name")
    return f"coreset_{name}"


def new_targets(coreset: Coreset) -> dict[str, Doubles]:
    """The columns of targets that are not those of the rows, by name."""
    stated = [each.column for each in coreset.certificate.companions if each.relabelled]
    if not stated or coreset.targets is None:
        return {}
    columns = coreset.targets.reshape(len(coreset), -1)
    names = target_columns(coreset.certificate)
    if names:
        return {name: columns[:, names.index(name)] for name in stated}
    if columns.shape[1] > len(stated):  # constant ones are as they were
        columns = columns[:, (columns != columns[0]).any(axis=0)]
    taken = [] if coreset.rows is None else coreset.rows.column_names
    return {_free_name(name, taken): column for name, column in zip(names_of_array(len(stated)), columns.T)}


def target_columns(certificate: Certificate) -> list[str]:
    """Names of the targets that are numbers; none where they came as an array. Classes are groups."""
    names, groups = (certificate.options.get(role, "").split("\n") for role in ("target", "groups"))
    return [name for name in names if name not in groups] if names != ["an array"] else []


def names_of_array(count: int) -> list[str]:
    """What the columns of targets that came as an array are called."""
    return ["target"] if count == 1 else [f"target{k}" for k in range(count)]


def own_columns(coreset: Coreset) -> list[str]:
    """Names of the coordinates without those that tell what was missing."""
    return coreset.columns[: len(coreset.certificate.own_columns)]


def originals(coreset: Coreset) -> Doubles:
    """(size, m) coordinates as they stand in the input: NaN where they were missing and filled."""
    stated, own = coreset.certificate, len(own_columns(coreset))
    points = coreset.points[:, :own].copy()
    for k, name in enumerate(stated.filled):
        points[coreset.points[:, own + k] == 1, stated.columns.index(name)] = np.nan
    return points


def npy_matrix(coreset: Coreset) -> Doubles:
    """(size, m + 2): coordinates, weight, row."""
    return np.column_stack([originals(coreset), coreset.weights, coreset.row_numbers.astype(np.float64)])


def _write_table(coreset: Coreset, path: str, format: str) -> None:
    table = arrow_table(coreset)
    if format == "csv":
        arrow = pyarrow_module("pyarrow", "write CSV")
        for field in table.schema:
            if arrow.types.is_nested(field.type):
                raise Error(field.name, str(field.type), "has no CSV form: write Parquet or Arrow")
        pyarrow_module("pyarrow.csv", "write CSV").write_csv(table, path)
    elif format == "parquet":
        pyarrow_module("pyarrow.parquet", "write Parquet").write_table(table, path, compression="zstd")
    else:
        arrow = pyarrow_module("pyarrow", "write Arrow files")
        with arrow.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)


def _write(coreset: Coreset, path: str, format: str) -> None:
    if format != "npy":
        return _write_table(coreset, path, format)
    if new_targets(coreset):
        raise Error("path", path, "has no place for new targets: write CSV, Parquet or Arrow")
    with open(path, "wb") as file:
        np.save(file, npy_matrix(coreset))


def save(coreset: Coreset, path: str, force: bool) -> None:
    """Writes table and certificate beside their targets, then renames both."""
    format = format_of(path)
    certificate = certificate_path(path)
    for target in (path, certificate):
        if os.path.exists(target) and not force:
            raise Error("path", target, "exists already (force=True replaces it)")
    with writing(path), tempfile.TemporaryDirectory(dir=os.path.dirname(path) or ".", prefix=".momentset-") as folder:
        beside = os.path.join(folder, "table")
        _write(coreset, beside, format)
        with open(beside + ".json", "w", encoding="utf-8") as file:
            file.write(coreset.certificate.to_json())
        os.replace(beside + ".json", certificate)
        os.replace(beside, path)
