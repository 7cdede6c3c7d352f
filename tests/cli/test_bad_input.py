"""Bad input: one clear line, exit status 2, nothing left behind."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

OUT = ["-o", "out.parquet", "--size", "5"]


def test_missing_file(refused):
    refused("compress", "nowhere.csv", *OUT, says="nowhere.csv")


def test_glob_without_match(refused):
    refused("compress", "no*.csv", *OUT, says="no*.csv")


@pytest.mark.parametrize("name", ["points.txt", "points", "points.parquet.zip"])
def test_unknown_suffix(refused, tmp_path, name):
    (tmp_path / name).write_text("x\n1\n")
    refused("compress", name, *OUT, says=[name, "must end in"])


def test_unknown_suffix_of_the_output(refused, table):
    refused("compress", "points.parquet", "-o", "out.txt", "--size", 5, says=["out.txt", "must end in"])


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow", "npy", "csv"])
def test_garbage(refused, tmp_path, suffix):
    (tmp_path / f"garbage.{suffix}").write_bytes(np.random.default_rng(3).bytes(4096))
    refused("compress", f"garbage.{suffix}", *OUT, says=f"garbage.{suffix}")


@pytest.mark.parametrize("suffix", ["parquet", "feather", "npy"])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_truncated_file(refused, run, tmp_path, table, suffix, kept):
    whole = tmp_path / f"whole.{suffix}"
    run("compress", "points.parquet", "-o", whole.name, "--size", 1000, "--certificate", "c.json")
    content = whole.read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(content[: int(kept * len(content))])
    refused("compress", f"cut.{suffix}", *OUT, says=f"cut.{suffix}")


def test_empty_file(refused, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    refused("compress", "empty.csv", *OUT, says="empty.csv")


def test_header_without_rows(refused, tmp_path):
    (tmp_path / "header.csv").write_text("x,y\n")
    refused("compress", "header.csv", *OUT, says="no row")


def test_no_numeric_column(refused, tmp_path):
    (tmp_path / "words.csv").write_text("a,b\nred,round\nblue,square\n")
    refused("compress", "words.csv", *OUT, says="numeric column")


def test_unknown_column(refused, table):
    refused("compress", "points.parquet", *OUT, "--columns", "x,q", says=["q", "x"])


def test_unknown_column_to_exclude(refused, table):
    refused("compress", "points.parquet", *OUT, "--exclude", "q", says="q")


def test_unknown_weights(refused, table):
    refused("compress", "points.parquet", *OUT, "--weights", "mass", says="mass")


def test_text_in_a_number_column_is_named_by_line(refused, tmp_path):
    lines = [f"{k},{k * k % 97}" for k in range(100)]
    lines[41] = "41,many"
    (tmp_path / "text.csv").write_text("x,y\n" + "\n".join(lines) + "\n")
    refused("compress", "text.csv", *OUT, says=["line 43", "y", "many"])


def test_text_far_down_the_file_is_named_by_line(refused, tmp_path):
    lines = [f"{k % 1013}.5,{k % 97}" for k in range(300_000)]
    lines[250_000] = "oops,1"
    (tmp_path / "text.csv").write_text("x,y\n" + "\n".join(lines) + "\n")
    refused("compress", "text.csv", *OUT, says=["line 250002", "x", "oops"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_named_by_row_and_column(refused, run, tmp_path, value):
    x = np.random.default_rng(1).normal(size=(50, 2))
    x[37, 1] = value
    pq.write_table(pa.table({"a": x[:, 0], "b": x[:, 1]}), tmp_path / "x.parquet")
    refused("compress", "x.parquet", *OUT, says=["row 37", "b"])
    result = run("compress", "x.parquet", *OUT, "--drop-invalid")
    assert result.returncode == 0 and "1 row" in result.stderr
    assert run("verify", "x.parquet", "out.parquet").returncode == 0


def test_negative_weight(refused, tmp_path):
    (tmp_path / "w.csv").write_text("x,c\n1,1\n2,-3\n3,1\n")
    refused("compress", "w.csv", "-o", "o.csv", "--size", 2, "--weights", "c", says=["row 1", "c", "-3"])


def test_all_weights_zero(refused, tmp_path):
    (tmp_path / "w.csv").write_text("x,c\n1,0\n2,0\n")
    refused("compress", "w.csv", "-o", "o.csv", "--size", 2, "--weights", "c", says=["c", "positive"])


def test_size_zero(refused, table):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 0, says="size")


@pytest.mark.parametrize("size", ["-1", "many", "1e3", "99999999999999999999999"])
def test_size_that_is_no_number(refused, table, size):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", size, says="--size")


@pytest.mark.parametrize("keep", ["0", "-0.5", "1.5", "nan"])
def test_keep_out_of_range(refused, table, keep):
    refused("compress", "points.parquet", "-o", "o.csv", "--keep", keep, says="--keep")


def test_size_below_a_stated_order(refused, table):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 40, "--order", 5, says=["40", "56", "order 4"])


@pytest.mark.parametrize("tolerance", ["0", "-1e-3", "nan", "inf", "small"])
def test_tolerances_that_cannot_be(refused, table, tolerance):
    refused("compress", "points.parquet", "-o", "o.csv", "--tolerance", tolerance, says="tolerance")


def test_size_and_tolerance_exclude_each_other(refused, table):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 40, "--tolerance", 0.1, says=["--size", "--tolerance"])
    refused("compress", "points.parquet", "-o", "o.csv", "--keep", 0.1, "--tolerance", 0.1, says=["--keep", "--tolerance"])
    refused("compress", "points.parquet", "-o", "o.csv", says=["--size", "--keep", "--tolerance"])


@pytest.mark.parametrize("option", ["--effort", "--smoothness"])
def test_unknown_words_are_answered_by_the_known(refused, table, option):
    words = {"--effort": "high", "--smoothness": "kinked"}
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 40, option, "most", says=[option, words[option]])


@pytest.mark.parametrize("order", ["-1", "three", "1000000000"])
def test_order_out_of_range(refused, table, order):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 40, "--order", order, says="order")


def test_neither_size_nor_keep(refused, table):
    refused("compress", "points.parquet", "-o", "o.csv", says=["--size", "--keep"])


def test_both_size_and_keep(refused, table):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 9, "--keep", "0.5", says=["--size", "--keep"])


def test_unknown_option_and_command(refused, table):
    refused("compress", "points.parquet", *OUT, "--sise", 4, says="--sise")
    refused("squeeze", "points.parquet", says="squeeze")
    refused(says="subcommand")


def test_negative_threads(refused, table):
    refused("compress", "points.parquet", *OUT, "--threads", -2, says="--threads")


def test_two_columns_of_one_name(refused, tmp_path):
    (tmp_path / "twice.csv").write_text("x,y,x\n1,2,3\n4,5,6\n")
    refused("compress", "twice.csv", *OUT, says=["twice.csv", "x"])


def test_files_with_different_columns(refused, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    refused("compress", "a.csv", "b.csv", *OUT, says="b.csv")


@pytest.mark.parametrize("content, says", [("7\nx\n", "line 2"), ("2000\n", "2000"), ("-1\n", "-1")])
def test_rows_to_keep_that_cannot(refused, tmp_path, table, content, says):
    (tmp_path / "keep.txt").write_text(content)
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 80, "--keep-rows", "keep.txt", says=says)


@pytest.mark.parametrize("bound, says", [("1", "above 1"), ("-3", "above 1"), ("1.001", "size of at least"), ("x", "x")])
def test_bounds_that_cannot_be(refused, table, bound, says):
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 80, "--max-weight", bound, says=says)


@pytest.mark.parametrize("method, says", [(["leaf"], "leaf"), (["paper", "--max-weight", "3"], "method paper"),
                                          (["kernel", "--max-weight", "3"], "method kernel"),
                                          (["kernel", "--order", "3"], "between 0 and 2"),
                                          (["tree", "--min-ess", "0.9"], "method kernel"),
                                          (["kernel", "--min-ess", "1.2"], "at most 1")])
def test_methods_that_cannot_be(refused, table, method, says):
    order = [] if "--order" in method else ["--order", 1]
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 80, *order, "--method", *method, says=says)


def test_more_rows_to_keep_than_the_size(refused, tmp_path, table):
    (tmp_path / "keep.txt").write_text("\n".join(map(str, range(90))))
    refused("compress", "points.parquet", "-o", "o.csv", "--size", 80, "--keep-rows", "keep.txt", says="90")


def test_target_in_a_folder_that_is_not_there(refused, table):
    refused("compress", "points.parquet", "-o", "no/such/out.parquet", "--size", 5,
            says="no/such/out.parquet: there is no folder no/such")


def test_target_that_is_no_plain_file(refused, tmp_path, table):
    (tmp_path / "folder.parquet").mkdir()
    refused("compress", "points.parquet", "-o", "folder.parquet", "--size", 5, "--force", says="folder.parquet")
    os.mkfifo(tmp_path / "pipe.parquet")
    refused("compress", "points.parquet", "-o", "pipe.parquet", "--size", 5, "--force", says="pipe.parquet")


def test_target_in_a_folder_that_may_not_be_written(run, tmp_path, table):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.geteuid() == 0:
        # Root ignores the mode, but nobody writes into a process' folder of open files.
        target = "/proc/self/fd/out.parquet"
    else:
        target = "locked/out.parquet"
    result = run("compress", "points.parquet", "-o", target, "--size", 5)
    assert result.returncode == 2 and target in result.stderr and list(locked.iterdir()) == []


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather", "npy"])
def test_full_disk(tmp_path, table, suffix):
    """A limit on the size of files stands for a full disk: writing beyond it fails in the same place."""
    import resource
    import subprocess

    from conftest import EXECUTABLE

    before = sorted(tmp_path.iterdir())
    result = subprocess.run(
        [EXECUTABLE, "compress", "points.parquet", "-o", f"out.{suffix}", "--size", "1500"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )
    assert result.returncode == 2, result
    assert "large" in result.stderr.splitlines()[-1] and sorted(tmp_path.iterdir()) == before


def test_reading_what_is_being_closed(tmp_path, table):
    """A reader that goes away ends the command with an error, not a crash."""
    import subprocess

    from conftest import EXECUTABLE

    process = subprocess.Popen(
        [EXECUTABLE, "compress", "points.parquet", "-o", "-", "--size", "1900"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    errors = process.stderr.read().decode()
    assert process.wait(timeout=60) == 2, errors
    assert errors.splitlines()[-1].startswith("momentset: ")
