"""Tables in files, through pyarrow, which is imported only here and where tables are made."""

from __future__ import annotations

import glob
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Sequence, Union

from momentset._error import Error

FilePath = Union[str, "os.PathLike[str]"]

FORMATS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet", ".arrow": "ipc", ".feather": "ipc", ".ipc": "ipc",
           ".npy": "npy"}


def pyarrow_module(name: str, purpose: str) -> Any:
    """pyarrow or a module of it, imported when needed."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise Error("pyarrow", "not installed", f"must be installed to {purpose}") from None


def is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))


def paths_of(inputs: Sequence[FilePath]) -> list[str]:
    """The files that paths and globs name, those of a glob in order."""
    paths: list[str] = []
    for path in inputs:
        name = os.fspath(path)
        found = [name] if os.path.exists(name) else sorted(glob.glob(name))
        if not found:
            raise Error(name or "X", "" if name else "an empty path", "there is no such file")
        paths += found
    return paths


def format_of(path: str) -> str:
    """csv, parquet, ipc or npy, by suffix."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise Error(path, "", f"must end in one of {', '.join(FORMATS)}")
    return FORMATS[suffix]


def dataset_of(paths: list[str], format: str) -> Any:
    """The files as one pyarrow dataset. Throws Error if they cannot be read or differ in their columns."""
    datasets = pyarrow_module("pyarrow.dataset", "read files")
    arrow = pyarrow_module("pyarrow", "read files")
    try:
        parts = [datasets.dataset(path, format=format) for path in paths]
        for path, part in zip(paths, parts):
            if not part.schema.equals(parts[0].schema):
                raise Error(path, "", f"must have the columns and types of {paths[0]}")
        return parts[0] if len(parts) == 1 else datasets.dataset(parts)
    except (arrow.ArrowException, OSError) as error:
        raise Error(", ".join(paths), "", f"cannot be read: {str(error).splitlines()[0]}") from None


@contextmanager
def writing(path: str) -> Iterator[None]:
    """While a file is written: what keeps it from being written becomes an Error that names the path as it was given,
    not a temporary file beside it."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Error("path", path, f"there is no folder {folder}")
    try:
        yield
    except OSError as error:
        raise Error("path", path, f"cannot be written: {error.strerror or error}") from None


def certificate_path(path: str) -> str:
    """Where the certificate of an output lies."""
    return path + ".certificate.json"


def own_columns(stated: dict[str, Any]) -> list[str]:
    """Coordinates that the certificate's fields state, without the last ones, which tell what was missing."""
    columns: list[str] = stated["columns"]
    return columns[: len(columns) - len(stated.get("options", {}).get("filled", "").splitlines())]


def certificate_beside(path: str) -> dict[str, Any] | None:
    """Fields of the certificate that lies beside an output, if there is one that can be read."""
    try:
        with open(certificate_path(path), encoding="utf-8") as file:
            fields = json.load(file)
    except (OSError, ValueError):
        return None
    return fields if isinstance(fields, dict) and fields.get("format") == "momentset-certificate" else None
