"""Checks who includes whom against the table of CONTRIBUTING.md, and that library code neither prints nor
exits. Run as `include_table.py [ROOT]`; prints `file:line: what is wrong` and exits 1 if anything is."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Iterator

# Which rooms each room may include, besides itself and the leaves that are for all.
MAY_INCLUDE = {
    "error": (),
    "version": (),
    "points": (),
    "simd": (),
    "threads": (),
    "memory": (),
    "blas": (),
    "format": (),
    "basis": (),
    "partition": (),
    "recombine": (),
    "kernel": (),
    "theory": (),
    # Evaluates its own features: it shares neither basis nor recombine with what it checks.
    "certificate": (),
    "io": (),
    "prune": ("theory", "partition"),
    "compress": ("basis", "partition", "recombine", "kernel", "certificate"),
    "sketch": ("compress", "certificate", "partition"),
    "distill": ("compress", "recombine"),
    "network": ("compress",),
}
FOR_ALL = ("points", "error", "version", "simd", "threads", "memory", "blas", "format")

# Headers and sources that belong to a room of another name.
ROOM_OF_STEM = {"cells": "points", "missing": "points", "features": "points",
                "plan": "compress", "merge_equal": "compress", "cell_compressor": "compress",
                "column_spreads": "compress", "held_out_probes": "compress", "order_choice": "compress",
                "tolerance": "compress", "correction": "compress", "reduction": "compress", "stopwatch": "compress",
                "paper_method": "compress", "kernel_method": "compress", "alternatives": "compress",
                "coreset": "compress",
                "local_features": "compress", "companion_features": "compress",
                "standardised_columns": "compress", "relabelling": "compress", "parts": "compress",
                "fitted_features": "compress", "group_sizes": "compress"}

# Rooms outside the library: they include anything public (bench measures rooms from inside and may see private headers
# too) and are included by nothing.
OUTSIDE = ("cli", "python", "bench", "experiments")

# Headers that one room alone may see.
RESERVED = {re.compile(r"<(arrow|parquet)/"): "io"}

# What library code does not do: it returns or throws, and leaves the terminal and the process to its caller.
FORBIDDEN = re.compile(
    r"std::(cout|cerr|clog)\b|(?<![\w.>])(?:std::|fmt::)?(v?f?printf|puts|putchar|print)\s*\("
    r"|(?<![\w.>])(?:std::)?(abort|exit|_Exit|_exit|quick_exit|terminate)\s*\("
)

INCLUDE = re.compile(r'\s*#\s*include\s*(<[^>]*>|"[^"]*")')
# Comments and literals; those that span lines keep their line breaks when they are blanked out.
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def room_of_library_file(path: Path) -> str:
    """The room of a path below include/momentset or src: its first folder, or its stem."""
    first = path.parts[0] if len(path.parts) > 1 else path.stem
    return ROOM_OF_STEM.get(first, first)


def room_of_file(path: Path) -> str:
    """The room of a path below the root."""
    for library in (Path("include/momentset"), Path("src")):
        if path.is_relative_to(library):
            return room_of_library_file(path.relative_to(library))
    return path.parts[0]


def room_of_include(root: Path, path: Path, name: str) -> tuple[str, bool] | None:
    """Room of what `path` includes as `name`, and whether it is public; None if it is not the project's."""
    if name.startswith("momentset/"):
        return room_of_library_file(Path(name).relative_to("momentset")), True
    for folder in (path.parent, Path("src"), Path(path.parts[0]), Path()):
        if (root / folder / name).is_file():
            target = (root / folder / name).resolve().relative_to(root.resolve())
            return room_of_file(target), target.parts[0] == "include"
    return None


def violations_of_include(root: Path, path: Path, spelled: str) -> Iterator[str]:
    room = room_of_file(path)
    for pattern, owner in RESERVED.items():
        if pattern.match(spelled) and room != owner:
            yield f"room {room} may not include {spelled}, which is for room {owner}"
    found = room_of_include(root, path, spelled[1:-1])
    if found is None:
        return
    target, public = found
    if room in OUTSIDE:
        if target != room and not public and room != "bench":
            yield f"room {room} may include public headers only, not {spelled}"
    elif room not in MAY_INCLUDE:
        yield f"room {room} is not in the table of tests/include_table.py"
    elif target != room and target not in FOR_ALL and target not in MAY_INCLUDE[room]:
        yield f"room {room} may not include room {target}"
    elif path.parts[0] == "include" and not public:
        yield f"public header includes {spelled}, which is private"


def violations_of_file(root: Path, path: Path) -> Iterator[tuple[int, str]]:
    text = (root / path).read_text(encoding="utf-8")
    # Include lines are read from the text as it is, unless a comment hides them: their names look like literals.
    blank = NOISE.sub(lambda noise: re.sub(r"[^\n]", " ", noise.group()), text)
    in_library = path.parts[0] in ("include", "src")
    for number, (line, code) in enumerate(zip(text.split("\n"), blank.split("\n")), start=1):
        include = INCLUDE.match(line)
        if include and code.lstrip().startswith("#"):
            yield from ((number, what) for what in violations_of_include(root, path, include.group(1)))
        elif in_library:
            for call in FORBIDDEN.finditer(code):
                yield number, f"library code may not call {call.group().rstrip('(').strip()}"


def violations(root: Path) -> list[str]:
    found = []
    for folder in ("include", "src") + OUTSIDE:
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            relative = path.relative_to(root)
            found += [f"{relative}:{line}: {what}" for line, what in violations_of_file(root, relative)]
    return found


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = violations(root)
    print("\n".join(found) if found else "every include is in the table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
