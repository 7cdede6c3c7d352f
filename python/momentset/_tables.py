"""Tables: anything with the Arrow PyCapsule interface, and files. Which columns are coordinates is decided here, by the
rules of the command line (docs/command-line.md, "Which columns are the coordinates")."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, Sequence

import numpy as np

from momentset import _core
from momentset._arrays import Doubles, Integers, matrix
from momentset._error import Error
from momentset._files import FilePath, certificate_beside, dataset_of, format_of, own_columns, paths_of
from momentset._levels import Levels, cast_values, of_array, of_column

IDENTIFIERS = {"", "id", "row", "index", "rowid", "uuid", "key", "__index_level_0__"}
FEWEST_COUNTED = 100  # rows from which on counting up by one is no accident
FIRST_ROWS = 65536  # rows in which that is looked for


class Column(Protocol):
    """A column before it is read."""

    @property
    def name(self) -> str: ...
    @property
    def numeric(self) -> bool: ...
    @property
    def integer(self) -> bool: ...
    @property
    def categorical(self) -> bool: ...


class Table(Protocol):
    """Columns that can be read as doubles, and rows that can be taken."""

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> Sequence[Column]: ...
    def metadata(self) -> dict[str, Any] | None: ...
    def index(self) -> list[str]: ...
    def read(self, columns: list[int], rows: int | None = None) -> Doubles: ...
    def levels(self, column: int) -> Levels: ...
    def take(self, rows: Integers) -> Any: ...


class ArrayColumn(NamedTuple):
    """A column of an array. None is taken for an identifier: who hands over an array has chosen its columns."""

    name: str
    numeric: bool = True
    integer: bool = False
    categorical: bool = False


class ArrayTable:
    """An array as a table whose columns are called x0, x1, ..., as the command line calls those of NPY files."""

    def __init__(self, values: Doubles, name: str = "X", path: str | None = None):
        self.name, self._values, self._path = name, values, path
        self.columns = [ArrayColumn(f"x{k}") for k in range(values.shape[1])]

    def metadata(self) -> dict[str, Any] | None:
        """Of an NPY file that is an output, which the certificate beside it tells: it ends with weight and row."""
        stated = certificate_beside(self._path) if self._path else None
        if stated is None or (stated.get("size"), len(own_columns(stated)) + 2) != self._values.shape:
            return None
        names = [column.name for column in self.columns]
        return {"columns": names[:-2], "order": stated["order"], "weight_column": names[-2], "row_column": names[-1]}

    def index(self) -> list[str]:
        return []

    def read(self, columns: list[int], rows: int | None = None) -> Doubles:
        if columns == list(range(len(self.columns))):
            return self._values[:rows]
        return np.ascontiguousarray(self._values[:rows, columns])

    def levels(self, column: int) -> Levels:
        return replace(of_array("groups", self._values[:, column], len(self._values)), column=f"x{column}")

    def take(self, rows: Integers) -> Any:
        return None


class MemoryTable:
    """A table in memory, or whatever streams one: then it is taken in whole, since many can be read only once."""

    name = "X"

    def __init__(self, source: Any):
        try:
            import pyarrow
        except ImportError:
            self._table = None
            self._arrow = _core.ArrowTable(source)
        else:
            self._table = source if isinstance(source, pyarrow.Table) else pyarrow_table(source)
            self._arrow = _core.ArrowTable(self._table)
        self.columns = self._arrow.columns

    def metadata(self) -> dict[str, Any] | None:
        return _parsed(self._arrow.metadata("momentset"))

    def index(self) -> list[str]:
        return _index_of_data_frame(self._arrow.metadata("pandas"))

    def read(self, columns: list[int], rows: int | None = None) -> Doubles:
        return self._arrow.read(columns, self._arrow.rows if rows is None else rows)

    def levels(self, column: int) -> Levels:
        if self._table is None:
            raise Error("pyarrow", "not installed", "must be installed to read columns of names")
        return of_column(self.columns[column].name, self._table.column(column))

    def take(self, rows: Integers) -> Any:
        """A pyarrow Table of the rows; None without pyarrow."""
        return None if self._table is None else _without_views(self._table).take(rows)


class FileTable:
    """Files of one format. Only the columns that matter are read, and at the end the rows that survive."""

    def __init__(self, paths: list[str], format: str):
        self._paths, self._format = paths, format
        self._dataset = dataset_of(paths, format)
        if not self._dataset.schema.names:
            raise Error(paths[0], "", "has no columns")
        self._schema = _core.ArrowTable(self._dataset.schema.empty_table())
        self.columns = self._schema.columns
        self.name = paths[0]

    def metadata(self) -> dict[str, Any] | None:
        stated = _parsed(self._schema.metadata("momentset"))
        if stated is None and self._format == "csv" and len(self._paths) == 1:
            return _metadata_of_text(self._paths[0], [column.name for column in self.columns], self._dataset)
        return stated

    def index(self) -> list[str]:
        return _index_of_data_frame(self._schema.metadata("pandas"))

    def read(self, columns: list[int], rows: int | None = None) -> Doubles:
        import pyarrow

        names = [self.columns[index].name for index in columns]
        try:
            if rows is not None:
                table = _core.ArrowTable(self._dataset.head(rows, columns=names))
            else:
                table = _core.ArrowTable(self._dataset.scanner(columns=names).to_reader())
        except pyarrow.ArrowException as error:
            raise Error(self.name, "", f"cannot be read: {str(error).splitlines()[0]}") from None
        return table.read(list(range(len(columns))), table.rows)

    def levels(self, column: int) -> Levels:
        import pyarrow

        name = self.columns[column].name
        try:
            values = self._dataset.to_table(columns=[name]).column(0)
        except pyarrow.ArrowException as error:
            raise Error(self.name, "", f"cannot be read: {str(error).splitlines()[0]}") from None
        return of_column(name, values, empty_is_missing=self._format == "csv")

    def take(self, rows: Integers) -> Any:
        return self._dataset.take(rows).replace_schema_metadata(self._dataset.schema.metadata)


def open_files(inputs: Sequence[FilePath]) -> Table:
    """The files as one table."""
    paths = paths_of(inputs)
    formats = {format_of(path) for path in paths}
    if len(formats) > 1:
        raise Error(", ".join(paths), "", "must be of one format")
    format = formats.pop()
    if format != "npy":
        return FileTable(paths, format)
    try:
        parts = [matrix(path, np.load(path, allow_pickle=False)) for path in paths]
        values = parts[0] if len(parts) == 1 else np.concatenate(parts)
    except Error:
        raise
    except OSError as error:
        raise Error(", ".join(paths), "", f"cannot be read: {error.strerror or error}") from None
    except ValueError:  # which advises to unpickle what is damaged
        raise Error(", ".join(paths), "", "cannot be read: must hold arrays of numbers, of as many columns") from None
    return ArrayTable(values, paths[0], paths[0] if len(paths) == 1 else None)


def pyarrow_table(source: Any) -> Any:
    """The source as a pyarrow Table; a single column, such as a Series, becomes x0."""
    import pyarrow

    try:
        try:
            return pyarrow.table(source)
        except pyarrow.ArrowInvalid:
            return pyarrow.table({"x0": pyarrow.chunked_array(source)})
    except (pyarrow.ArrowException, OSError, TypeError, ValueError) as error:
        raise Error("X", type(source).__name__, f"cannot be read as a table: {str(error).splitlines()[0]}") from None


def _without_views(table: Any) -> Any:
    """pyarrow takes no rows of columns of text views, and writes no dictionaries of them, which polars makes: those become
    plain text."""
    import pyarrow

    plain = {pyarrow.string_view(): pyarrow.large_string(), pyarrow.binary_view(): pyarrow.large_binary()}
    for number, field in enumerate(table.schema):
        values = field.type.value_type if pyarrow.types.is_dictionary(field.type) else field.type
        if values in plain:
            column = cast_values(table.column(number), plain[values])
            table = table.set_column(number, field.with_type(column.type), column)
    return table


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    known = {"columns", "order", "weight_column", "row_column"}
    return found if isinstance(found, dict) and known <= found.keys() else None


def _index_of_data_frame(text: str) -> list[str]:
    """Columns of the index of the pandas data frame that a table was, by what pandas says of it in the schema. An index
    that merely counts rows is no column."""
    try:
        stated = json.loads(text) if text else None
    except ValueError:
        return []
    columns = stated.get("index_columns") if isinstance(stated, dict) else None
    return [name for name in columns if isinstance(name, str)] if isinstance(columns, list) else []


def _metadata_of_text(path: str, names: list[str], dataset: Any) -> dict[str, Any] | None:
    """CSV has no place for metadata: the certificate beside it tells, if it states as many rows."""
    stated = certificate_beside(path)
    if stated is None or stated.get("size") != dataset.count_rows():
        return None
    weight, row = (f"coreset_{name}" if f"coreset_{name}" in names else name for name in ("weight", "row"))
    return {"columns": own_columns(stated), "order": stated["order"], "weight_column": weight, "row_column": row}


@dataclass
class Selection:
    """Which columns of a table are what, by number."""

    coordinates: list[int]
    targets: list[int]
    levels: list[int]
    weight: int | None
    row: int | None
    notices: list[str]
    replaced: list[str]  # columns that give way to new ones of the output


class ColumnChoice:
    """Chooses the columns of one table."""

    def __init__(self, table: Table, columns: Sequence[str] | None, exclude: Sequence[str], weights: str | None,
                 targets: Sequence[str] = (), groups: Sequence[str] = (), categories: Sequence[str] = ()):
        self.table = table
        self.names = [column.name for column in table.columns]
        for name, count in Counter(self.names).items():
            if count > 1:
                raise Error(table.name, name, f"is the name of {count} columns, must be of one")
        self.exclude = [self.names[self._number("exclude", name)] for name in exclude]
        self.metadata = self._usable_metadata()
        self.weight: int | None = None
        self.row: int | None = None
        self.notices: list[str] = []
        if self.metadata:
            self.row = self.names.index(self.metadata["row_column"])
            self.notices.append(f"the input is a coreset: {self.metadata['row_column']} still numbers rows of its own "
                                "input")
        if weights is not None:
            self.weight = self._numeric("weights", weights)
        elif self.metadata:
            self.weight = self.names.index(self.metadata["weight_column"])
        self.targets = self._named_once("target", targets)
        self.levels: dict[int, str] = {}  # and the argument that names them
        for field, names in (("groups", groups), ("categories", categories)):
            for name in names:
                number = self._number(field, name)
                if number in self.levels or number in self.targets:
                    raise Error(field, name, "must be named once")
                self.levels[number] = field
        self.coordinates = self._coordinates(columns)

    def selection(self) -> Selection:
        weight = None if self.weight is None else self.names[self.weight]
        replaced = [self.metadata["weight_column"], self.metadata["row_column"]] if self.metadata else []
        if weight == "weight" and weight not in replaced:
            replaced.append(weight)
        return Selection(self.coordinates, self.targets, list(self.levels), self.weight, self.row, self.notices, replaced)

    def _usable_metadata(self) -> dict[str, Any] | None:
        stated = self.table.metadata()
        if stated is None:
            return None
        wanted = [*stated["columns"], stated["weight_column"], stated["row_column"]]
        numeric = {column.name for column in self.table.columns if column.numeric}
        return stated if set(wanted) <= numeric else None

    def _number(self, field: str, name: str) -> int:
        if name not in self.names:
            known = ", ".join(self.names[:20])
            raise Error(field, str(name), f"there is no such column; known: {known}")
        return self.names.index(name)

    def _numeric(self, field: str, name: str) -> int:
        number = self._number(field, name)
        if not self.table.columns[number].numeric:
            is_names = field == "columns" and self.table.columns[number].categorical
            hint = "; groups= compresses inside its levels, categories= keeps their counts" if is_names else ""
            raise Error(field, name, f"must be an integer, floating-point or decimal column{hint}")
        return number

    def _coordinates(self, columns: Sequence[str] | None) -> list[int]:
        if columns is None and self.metadata:
            weight = None if self.weight is None else self.names[self.weight]
            targets = [self.names[number] for number in (*self.targets, *self.levels)]
            columns = [name for name in self.metadata["columns"] if name not in (*self.exclude, *targets, weight)]
        if not columns:
            return self._default_coordinates()
        numbers = self._named_once("columns", columns)
        for number in numbers:
            if self.names[number] in self.exclude:
                raise Error("columns", self.names[number], "must not be excluded as well")
            if number in self.targets:
                raise Error("target", self.names[number], "must not be a coordinate as well")
            if number in self.levels:
                raise Error(self.levels[number], self.names[number], "must not be a coordinate as well")
        return numbers

    def _named_once(self, field: str, names: Sequence[str]) -> list[int]:
        numbers = [self._numeric(field, name) for name in names]
        for number in numbers:
            if numbers.count(number) > 1:
                raise Error(field, self.names[number], "must be named once")
        return numbers

    def _default_coordinates(self) -> list[int]:
        chosen: list[int] = []
        others: list[str] = []
        index = self.table.index()
        for number, column in enumerate(self.table.columns):
            if column.name in self.exclude or number in (self.weight, self.row, *self.targets, *self.levels):
                continue
            if column.name in index:
                self.notices.append(f"{column.name} left out: is the index of a data frame (use columns= to keep it)")
            elif not column.numeric:
                others.append(column.name)
            elif column.integer and _is_named_like_identifier(column.name):
                self._leave_out_identifier(column.name)
            else:
                chosen.append(number)
        for number in self._counters([number for number in chosen if self.table.columns[number].integer]):
            chosen.remove(number)
            self._leave_out_identifier(self.names[number])
        if others:
            self.notices.append("left out, not numeric: " + ", ".join(others))
        if not chosen:
            reasons = "".join(f"; {notice}" for notice in self.notices)
            raise Error(self.table.name, "", f"must have a numeric column to compress{reasons}")
        return chosen

    def _leave_out_identifier(self, name: str) -> None:
        self.notices.append(f"{name or 'the column without a name'} left out: looks like a row identifier (use "
                            "columns= to keep it)")

    def _counters(self, numbers: list[int]) -> list[int]:
        """Which columns count up by exactly one over the first rows."""
        if not numbers:
            return []
        first = self.table.read(numbers, FIRST_ROWS)
        if len(first) < FEWEST_COUNTED:
            return []
        return [number for k, number in enumerate(numbers) if np.all(np.diff(first[:, k]) == 1)]


def _is_named_like_identifier(name: str) -> bool:
    folded = name.lower()
    return folded in IDENTIFIERS or folded.endswith("_id") or name.endswith("Id") or folded.startswith("unnamed:")
