"""A progress bar on standard error, for progress=True."""

from __future__ import annotations

import sys
from typing import Callable, Union

Progress = Union[bool, Callable[[str, float], None]]

WIDTH = 24


class Bar:
    """One line that is drawn over and over; nothing where standard error is no terminal."""

    def __init__(self) -> None:
        self._shown = 0

    def __call__(self, stage: str, fraction: float) -> None:
        if not sys.stderr.isatty():
            return
        done = round(WIDTH * min(1.0, fraction))
        text = f"{stage:<20} [{'#' * done}{'.' * (WIDTH - done)}] {100 * fraction:3.0f} %"
        self._write("\r" + text.ljust(self._shown))
        self._shown = len(text)

    def clear(self) -> None:
        if self._shown:
            self._write("\r" + " " * self._shown + "\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
