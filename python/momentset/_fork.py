"""fork() leaves a process without its threads: the compiled part is told before and after."""

from __future__ import annotations

import os

from momentset import _core


class _Watch:
    ended = True  # what before_fork() answered last

    def before(self) -> None:
        self.ended = _core.before_fork()

    def in_child(self) -> None:
        _core.in_child(self.ended)


def watch() -> None:
    """From now on a forked process starts threads of its own, or refuses to compute with an Error."""
    state = _Watch()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=state.before, after_in_child=state.in_child)
