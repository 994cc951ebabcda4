"""The clock of a running world: it starts anywhere and may run faster than ours."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class RunningClock:
    """Virtual time: `start` at the moment it is made, then `speed` times as fast as `ticks`."""

    def __init__(self, start: datetime, speed: float = 1.0, ticks: Callable[[], float] = time.monotonic) -> None:
        """Start it. `ticks` gives seconds from anywhere; a speed of 0 stands still.

        Raises:
            ValueError: for a start without an offset, or a speed below 0.
        """
        if start.tzinfo is None or speed < 0:
            raise ValueError("a clock starts at a time with an offset and does not run backwards")
        self.speed = speed
        self._start, self._ticks, self._began = start, ticks, ticks()

    def now(self) -> datetime:
        """The virtual time."""
        return self._start + timedelta(seconds=(self._ticks() - self._began) * self.speed)
