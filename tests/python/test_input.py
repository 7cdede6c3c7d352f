"""Every form of X gives the same coreset as the plain array, or an Error that names what is wrong."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import momentset as ms


@pytest.fixture
def expected(points):
    return ms.compress(points, size=100)


@pytest.fixture
def table(points):
    """The points beside a text, an identifier and a counting column."""
    return pa.table(
        {
            "ride_id": pa.array(range(1000, 3000)),
            "x": points[:, 0],
            "y": points[:, 1],
            "z": points[:, 2],
            "colour": pa.array([["red", "green"][k % 2] for k in range(2000)]),
            "count": pa.array(range(2000), pa.int32()),
        }
    )


def assert_same(small, expected):
    assert np.array_equal(small.indices, expected.indices)
    assert small.weights.tobytes() == expected.weights.tobytes()
    assert small.points.tobytes() == expected.points.tobytes()
    assert small.certificate.output_hash == expected.certificate.output_hash


@pytest.mark.parametrize(
    "form",
    [np.asfortranarray, lambda X: np.repeat(X, 2, axis=0)[::2], lambda X: X[::-1][::-1], lambda X: X.tolist(),
     lambda X: np.column_stack([X, X])[:, :3], lambda X: X.astype(np.longdouble)],
    ids=["fortran", "strided", "reversed twice", "list", "columns", "long double"],
)
def test_arrays(points, expected, form):
    assert_same(ms.compress(form(points), size=100), expected)


def test_float32_is_taken_at_its_value(points):
    single = points.astype(np.float32)
    assert_same(ms.compress(single, size=100), ms.compress(single.astype(float), size=100))


def test_contiguous_doubles_are_not_copied(points):
    from momentset._input import read_input

    assert np.shares_memory(read_input(points).coordinates, points)
    points.flags.writeable = False
    ms.compress(points, size=100)


def test_one_dimension():
    x = np.random.default_rng(0).normal(size=1000)
    small = ms.compress(x, size=20)
    assert small.points.shape == (20, 1) and np.array_equal(small.points[:, 0], x[small.indices])


def test_pyarrow(table, expected):
    chunked = pa.concat_tables([table.slice(0, 7), table.slice(7, 1500), table.slice(1507)])
    twice = pa.concat_tables([table, table])
    forms = [table, chunked, table.combine_chunks().to_batches()[0], chunked.to_reader(), twice.slice(2000)]
    for form in forms:
        small = ms.compress(form, size=100)
        assert_same(small, expected)
        assert small.columns == ["x", "y", "z"]
        assert any("ride_id left out" in notice for notice in small.notices)
        assert any("count left out" in notice for notice in small.notices)
        assert small.to_arrow().select(table.column_names).equals(table.take(small.indices))


def test_types_of_columns():
    values = np.random.default_rng(0).integers(0, 100, 500)
    plain = ms.compress(values.astype(float), size=20)
    types = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(),
             pa.float32(), pa.float64(), pa.decimal128(25, 3)]
    for type in types:
        column = pa.array(values).cast(pa.int64()).cast(type)
        small = ms.compress(pa.table({"x": column}), size=20)
        assert np.array_equal(small.points, plain.points), type
        assert small.weights.tobytes() == plain.weights.tobytes(), type


def test_columns_that_are_no_numbers_are_named():
    import datetime

    rows = 300
    x = np.random.default_rng(6).normal(size=rows)
    content = pa.table({
        "x": x, "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=k) for k in range(rows)],
        "at": pa.array(range(rows), pa.timestamp("s")), "late": x > 0, "path": [[1.0, 2.0]] * rows,
        "place": [{"lat": 1.0}] * rows,
    })
    small = ms.compress(content, size=20)
    assert small.columns == ["x"]
    told = " ".join(small.notices)
    assert "left out, not numeric: day, at, late, path, place" in told
    for name in ("day", "late", "path", "place"):
        with pytest.raises(ms.Error, match=f"{name}: must be an integer, floating-point or decimal column"):
            ms.compress(content, size=20, columns=["x", name])


def test_negative_decimals():
    from decimal import Decimal

    column = pa.array([Decimal("-1.250"), Decimal("3.5"), Decimal("-0.001")], pa.decimal128(20, 3))
    assert ms.compress(pa.table({"x": column}), size=3).points[:, 0].tolist() == [-1.25, 3.5, -0.001]


def test_polars(table, expected):
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table)
    small = ms.compress(frame, size=100)
    assert_same(small, expected)
    categories = frame.with_columns(half=polars.Series(["a", "b"] * 1000).cast(polars.Categorical))
    by_name = ms.compress(categories, size=100, target="half")
    assert np.array_equal(by_name.indices, ms.compress(frame, size=100, target=categories["half"]).indices)
    by_name.save("halves.parquet")
    assert ms.verify(categories, ms.read("halves.parquet"))
    assert frame[small.indices]["x"].to_numpy().tolist() == small.points[:, 0].tolist()
    assert polars.from_arrow(small.to_arrow())["weight"].to_list() == small.weights.tolist()


def test_pandas(table, expected):
    pytest.importorskip("pandas")
    frame = table.to_pandas()
    small = ms.compress(frame[::-1][::-1], size=100)
    assert_same(small, expected)
    back = small.to_pandas()
    assert back["x"].tolist() == frame.iloc[small.indices]["x"].tolist()
    assert back["row"].tolist() == small.indices.tolist()


@pytest.mark.parametrize("index", [None, "time", "x"])
def test_a_pandas_index_is_no_coordinate(table, expected, index):
    """Of any type, with a name or without, but by name it may be one, or tell groups apart. It comes out again."""
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    named = pandas.Index(np.sqrt(np.arange(2000.0)), name=index)
    small = ms.compress(frame.set_index(named) if index != "x" else frame.set_index("x"), size=100)
    if index == "x":
        assert small.columns == ["y", "z"]
        return
    assert_same(small, expected)
    assert small.to_pandas().index.equals(named[small.indices]) and small.to_pandas().index.name == index
    assert ms.verify(frame.set_index(named), small)
    halves = pandas.Index(np.repeat(["first", "second"], 1000), name="half")
    of_halves = ms.compress(frame.set_index(halves), size=100, groups="half")
    assert of_halves.weights[of_halves.indices < 1000].sum() == pytest.approx(1000)
    if index is not None:
        assert ms.compress(frame.set_index(named), size=100, columns=["x", index]).columns == ["x", index]


def test_nor_is_it_in_a_file(command, table, expected):
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas().set_index(pandas.Index(np.sqrt(np.arange(2000.0)), name="time"))
    frame.to_parquet("points.parquet")
    frame.to_feather("points.feather")
    for X in (pa.Table.from_pandas(frame), "points.parquet", "points.feather"):
        small = ms.compress(X, size=100)
        assert_same(small, expected)
        assert "time left out: is the index of a data frame (use columns= to keep it)" in small.notices
    told = command("compress", "points.parquet", "-o", "small.parquet", "--size", 100).stderr
    assert "time left out: is the index of a data frame (use --columns to keep it)" in told
    assert_same(ms.read("small.parquet"), expected)


def test_duckdb(table, expected):
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        connection.register("rides", table)
        relation = connection.sql("select x, y, z, colour from rides order by ride_id")
        small = ms.compress(relation, size=100)
    assert_same(small, expected)
    assert small.to_arrow().column_names == ["x", "y", "z", "colour", "weight", "row"]


def test_single_columns():
    x = np.random.default_rng(0).normal(size=1000)
    expected = ms.compress(x, size=20)
    series = [pa.array(x), pa.chunked_array([x[:300], x[300:]])]
    for name in ("polars", "pandas"):
        series.append(pytest.importorskip(name).Series(x))
    for X in series:
        assert_same(ms.compress(X, size=20), expected)


def test_from_duckdb_over_polars_into_batches(table):
    """The rows kept, through three libraries, carry their weights to the last."""
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    with duckdb.connect() as connection:
        connection.register("rides", table)
        small = ms.compress(connection.sql("select * from rides order by ride_id"), size=100)
        frame = polars.from_arrow(small.to_arrow())
        mean = connection.sql("select sum(weight * x) / sum(weight) from frame").fetchall()[0][0]
    assert mean == pytest.approx(table["x"].to_numpy().mean(), abs=1e-12)
    torch = pytest.importorskip("torch")
    tensors = torch.utils.data.TensorDataset(*(frame[name].to_torch() for name in ("x", "weight")))
    batches = list(torch.utils.data.DataLoader(tensors, batch_size=32))
    total = sum(float((x * weight).sum()) for x, weight in batches) / len(table)
    assert total == pytest.approx(mean, abs=1e-9)


def test_torch(points, expected):
    torch = pytest.importorskip("torch")
    assert_same(ms.compress(torch.from_numpy(points), size=100), expected)
    with pytest.raises(ms.Error, match="X"):
        ms.compress(torch.from_numpy(points).requires_grad_(), size=100)


def test_anything_with_dlpack(points, expected):
    class Tensor:
        def __dlpack__(self, **options):
            return points.__dlpack__(**options)

        def __dlpack_device__(self):
            return points.__dlpack_device__()

    assert_same(ms.compress(Tensor(), size=100), expected)


def test_named_weights_and_columns(table, points):
    weighted = table.append_column("mass", pa.array(np.arange(2000.0)))
    small = ms.compress(weighted, size=50, columns=["z", "x"], weights="mass")
    plain = ms.compress(points[:, [2, 0]], size=50, weights=np.arange(2000.0))
    assert np.array_equal(small.indices, plain.indices) and small.weights.tobytes() == plain.weights.tobytes()
    assert small.columns == ["z", "x"]
    assert ms.compress(weighted, size=50, exclude=["mass", "y"]).columns == ["x", "z"]
    assert ms.compress(weighted, size=50, columns="mass").columns == ["mass"]  # one name, not its letters
    assert "mass" not in ms.compress(weighted, size=50, exclude="mass").columns


def test_invalid_rows_are_refused_or_left_out(table, points):
    x = points[:, 0].tolist()
    x[3], x[1998] = None, float("nan")
    broken = table.set_column(1, "x", pa.array(x))
    with pytest.raises(ms.Error) as caught:
        ms.compress(broken, size=100)
    assert caught.value.field == "x" and "row 3" in caught.value.rule
    small = ms.compress(broken, size=100, drop_invalid=True, keep_rows=[1999])
    valid = np.delete(np.arange(2000), [3, 1998])
    plain = ms.compress(points[valid], size=100, keep_rows=[1997])
    assert np.array_equal(small.indices, valid[plain.indices])
    assert any("2 rows" in notice for notice in small.notices)
    assert ms.verify(broken, small)
    with pytest.raises(ms.Error, match="keep_rows"):
        ms.compress(broken, size=100, drop_invalid=True, keep_rows=[3])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_invalid_numbers_in_arrays(points, value):
    points[5, 1] = value
    with pytest.raises(ms.Error, match='^x1: .*: row 5: must be a finite number; missing="drop" leaves such rows out'):
        ms.compress(points, size=100)
    masked = np.ma.array(points, mask=~np.isfinite(points))
    assert_same(ms.compress(masked, size=100, drop_invalid=True), ms.compress(points, size=100, drop_invalid=True))
    assert 5 not in ms.compress(points, size=100, drop_invalid=True).indices


def test_sparse_matrices_are_refused(points):
    from scipy import sparse

    with pytest.raises(ms.Error, match="dense"):
        ms.compress(sparse.csr_matrix(points), size=100)


@pytest.mark.parametrize(
    "X",
    [np.zeros((2, 2, 2)), np.zeros((0, 3)), np.zeros((3, 0)), np.array(["a"]), np.zeros(3, complex), object(), None,
     [[1, 2], [3]], "no such file.parquet", "no-suffix", [], pa.table({"a": ["x"]}), pa.table({}),
     pa.table({"x": pa.array([], pa.float64())}), pa.Table.from_arrays([pa.array([1.0])] * 2, ["x", "x"]), ""],
)
def test_what_is_no_table_of_numbers(X):
    open("no-suffix", "w").close()
    with pytest.raises(ms.Error) as caught:
        ms.compress(X, size=1)
    assert caught.value.field != "categories"


@pytest.mark.parametrize("X", [np.empty((0, 3)), [], pa.table({"x": pa.array([], pa.float64())})])
def test_no_rows(X):
    with pytest.raises(ms.Error, match="0 rows: at least one point is needed"):
        ms.compress(X, size=1)


@pytest.mark.parametrize("X", [(row for row in [[1.0]]), None, {"x": [1.0]}])
def test_what_is_no_array_is_named(X):
    with pytest.raises(ms.Error, match=f"X: {type(X).__name__}: must be an array, a table or a path"):
        ms.compress(X, size=1)


def test_a_stream_that_fails():
    def batches():
        yield pa.record_batch({"x": [1.0]})
        raise OSError("the wire is cut")

    class Source:
        def __arrow_c_stream__(self, requested_schema=None):
            reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.float64()}), batches())
            return reader.__arrow_c_stream__(requested_schema)

    from momentset import _core

    for read in (_core.ArrowTable, lambda source: ms.compress(source, size=1)):
        with pytest.raises(ms.Error, match="the wire is cut"):
            read(Source())


@pytest.mark.parametrize("suffix", ["csv", "parquet", "feather", "arrow", "npy"])
def test_files(table, points, expected, suffix, tmp_path):
    path = tmp_path / f"points.{suffix}"
    if suffix == "npy":
        np.save(path, points)
    elif suffix == "csv":
        pa.csv.write_csv(table, path)
    elif suffix == "parquet":
        pq.write_table(table, path)
    else:
        pa.feather.write_feather(table, path)
    for X in (path, str(path), [path]):
        assert_same(ms.compress(X, size=100), expected)


def test_globs(table, expected):
    pq.write_table(table.slice(0, 700), "part-1.parquet")
    pq.write_table(table.slice(700), "part-2.parquet")
    small = ms.compress("part-*.parquet", size=100)
    assert_same(small, expected)
    assert small.to_arrow()["colour"].to_pylist() == table["colour"].take(small.indices).to_pylist()
    pq.write_table(table.drop_columns(["x"]), "part-3.parquet")
    with pytest.raises(ms.Error, match="part-3.parquet"):
        ms.compress("part-*.parquet", size=100)
