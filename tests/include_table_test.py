"""Made-up trees that include_table.py must find fault with, and one that it must not."""

import tempfile
import unittest
from pathlib import Path

from include_table import violations


def check(files: dict) -> list:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return violations(Path(folder))


class Includes(unittest.TestCase):
    def test_what_the_table_allows(self):
        self.assertEqual([], check({
            "include/momentset/points.hpp": '#include <vector>\n#include "momentset/error.hpp"\n',
            "include/momentset/compress.hpp": '#include "momentset/certificate.hpp"\n#include "momentset/cells.hpp"\n',
            "src/plan.hpp": "",
            "src/compress.cpp": '#include "momentset/recombine.hpp"\n#include "plan.hpp"\n#include "merge_equal.hpp"\n',
            "src/merge_equal.hpp": "",
            "src/recombine/walk.hpp": "",
            "src/recombine/walk.cpp": '#include "walk.hpp"\n#include "momentset/version.hpp"\n',
            "src/io/table.cpp": "#include <arrow/api.h>\n",
            "cli/main.cpp": '#include "momentset/io/table.hpp"\n#include "text.hpp"\n',
            "cli/text.hpp": "",
        }))

    def test_a_room_that_the_table_leaves_out(self):
        self.assertEqual(
            ["src/recombine.cpp:2: room recombine may not include room basis"],
            check({"src/recombine.cpp": '#include <vector>\n#include "momentset/basis/polynomial.hpp"\n'}))

    def test_private_headers_count_as_well(self):
        for spelled in ('"recombine/walk.hpp"', '"../recombine/walk.hpp"', "<recombine/walk.hpp>"):
            self.assertEqual(
                ["src/certificate/moments.cpp:1: room certificate may not include room recombine"],
                check({"src/recombine/walk.hpp": "", "src/certificate/moments.cpp": f"# include {spelled}\n"}))

    def test_certificate_sees_neither_basis_nor_recombine(self):
        for header in ("basis/polynomial.hpp", "recombine.hpp", "compress.hpp"):
            self.assertEqual(1, len(check({"include/momentset/certificate.hpp": f'#include "momentset/{header}"\n'})))

    def test_plan_is_a_part_of_compress(self):
        self.assertEqual(
            ["src/sketch.cpp:1: room sketch may not include room kernel"],
            check({"src/sketch.cpp": '#include "kernel/weights.hpp"\n#include "plan.hpp"\n',
                   "src/kernel/weights.hpp": "",
                   "src/plan.hpp": ""}))

    def test_arrow_is_for_io(self):
        self.assertEqual(
            ["cli/main.cpp:1: room cli may not include <arrow/api.h>, which is for room io",
             "include/momentset/compress.hpp:1: room compress may not include <parquet/file_reader.h>, "
             "which is for room io"],
            sorted(check({"include/momentset/compress.hpp": "#include <parquet/file_reader.h>\n",
                          "cli/main.cpp": "#include <arrow/api.h>\n"})))

    def test_outside_rooms_see_public_headers_only(self):
        self.assertEqual(
            ["experiments/walk.cpp:1: room experiments may include public headers only, not \"recombine/walk.hpp\""],
            check({"src/recombine/walk.hpp": "", "experiments/walk.cpp": '#include "recombine/walk.hpp"\n'}))

    def test_nothing_includes_the_outside_rooms(self):
        self.assertEqual(
            ["src/compress.cpp:1: room compress may not include room cli"],
            check({"cli/text.hpp": "", "src/compress.cpp": '#include "../cli/text.hpp"\n'}))

    def test_the_benchmarks_share_what_the_experiments_measure_with(self):
        files = {"experiments/problem.hpp": ""}
        for room in ("bench", "experiments"):
            self.assertEqual([], check({**files, f"{room}/walk.cpp": '#include "experiments/problem.hpp"\n'}))
        self.assertEqual(
            ["cli/main.cpp:1: room cli may include public headers only, not \"experiments/problem.hpp\""],
            check({**files, "cli/main.cpp": '#include "experiments/problem.hpp"\n'}))

    def test_public_headers_include_no_private_ones(self):
        self.assertEqual(
            ["include/momentset/recombine.hpp:1: public header includes \"recombine/walk.hpp\", which is private"],
            check({"src/recombine/walk.hpp": "",
                   "include/momentset/recombine.hpp": '#include "recombine/walk.hpp"\n'}))

    def test_an_unknown_room(self):
        self.assertEqual(
            ["src/attic/old.cpp:1: room attic is not in the table of tests/include_table.py"],
            check({"src/attic/old.cpp": '#include "momentset/points.hpp"\n'}))

    def test_comments_hide_includes(self):
        self.assertEqual([], check({"src/points.cpp": '// #include "momentset/compress.hpp"\n'
                                                      '/*\n#include "momentset/compress.hpp"\n*/\n'}))


class LibraryCode(unittest.TestCase):
    def test_printing_and_leaving(self):
        for code in ("std::cout << 1;", "std::cerr << 1;", 'printf("x");', 'std::fprintf(stderr, "x");', "puts(text);",
                     "abort();", "std::exit(1);", "std::terminate();", 'fmt::print("x");'):
            self.assertEqual(1, len(check({"src/points.cpp": f"void f() {{\n  {code}\n}}\n"})), code)
        self.assertEqual(["src/points.cpp:1: library code may not call std::abort"],
                         check({"src/points.cpp": "void f() { std::abort(); }\n"}))

    def test_what_only_looks_like_it(self):
        for code in ("std::snprintf(a, n, b);", "file->abort();", "queue.exit();", "on_exit(3);", "// exit(1)",
                     'throw Error("printf(", "", "");', "sprint(3);"):
            self.assertEqual([], check({"src/points.cpp": f"void f() {{\n  {code}\n}}\n"}), code)

    def test_the_executable_may(self):
        self.assertEqual([], check({"cli/main.cpp": "int main() { std::cout << 1; std::exit(2); }\n"}))


if __name__ == "__main__":
    unittest.main()
