"""A progress bar on standard error, for progress=True."""

from __future__ import annotations

import sys
import time
from typing import Callable, Union

Progress = Union[bool, Callable[[str, float], None]]

WIDTH = 24
PATIENCE = 0.5  # seconds that nobody needs to be told of


class Bar:
    """One line that is drawn over and over, from half a second after the start on; nothing where standard error is no
    terminal."""

    def __init__(self) -> None:
        self._shown = 0
        self._begin = time.monotonic()

    def __call__(self, stage: str, fraction: float) -> None:
        if time.monotonic() - self._begin < PATIENCE or not sys.stderr.isatty():
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
