"""What a long run is watched for: memory, descriptors and the write-ahead log, and what it says about them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: A process is warm after this share of the run, its caches filled; it is judged if it lives as long once more.
_WARM_SHARE = 0.4
MEMORY_BYTES_AN_HOUR = 1_000_000
LOG_BYTES = 64_000_000
#: Descriptors come and go with connections of visitors.
DESCRIPTORS_MORE = 16
_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLOT_WIDTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at one process."""

    #: Seconds since the run began.
    at: float
    #: Memory that is this process's alone.
    memory_bytes: int
    descriptors: int


def look_at(process_id: int, at: float) -> Sample | None:
    """Return what a process holds now, or None if it is gone."""
    folder = Path(f"/proc/{process_id}")
    try:
        rollup = (folder / "smaps_rollup").read_text()
        descriptors = len(list((folder / "fd").iterdir()))
    except OSError:
        return None
    private = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_")]
    return Sample(at=at, memory_bytes=1024 * sum(private), descriptors=descriptors)


def children_of(process_id: int) -> list[int]:
    """Return the processes that a process started, the youngest last."""
    try:
        return [*map(int, Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split())]
    except OSError:
        return []


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many bytes the memory grows in an hour, by the least squares of the lows of each tenth.

    What is held for a moment comes and goes; what stays is in the lows.
    """
    tenth = max(1, -(-len(samples) // 10))
    parts = [samples[at : at + tenth] for at in range(0, len(samples), tenth)]
    lows = [min(part, key=lambda sample: sample.memory_bytes) for part in parts]
    if len({low.at for low in lows}) < 2:
        return 0.0
    line = statistics.linear_regression([low.at for low in lows], [low.memory_bytes for low in lows])
    return line.slope * 3600


def findings(
    processes: Mapping[int, Sequence[Sample]], log_bytes: Iterable[int], seconds: float
) -> list[str]:
    """Return, in words, what grew that must not; *seconds* is how long the run took."""
    found = []
    for process_id, samples in processes.items():
        warm = [one for one in samples if one.at >= samples[0].at + seconds * _WARM_SHARE]
        if not warm or warm[-1].at - warm[0].at < seconds * _WARM_SHARE:
            continue
        if (grows := slope(warm)) > MEMORY_BYTES_AN_HOUR:
            found.append(f"process {process_id} grows by {grows / 1e6:.1f} MB an hour")
        early, late = (statistics.median(one.descriptors for one in some) for some in _halves(warm))
        if late > early + DESCRIPTORS_MORE:
            found.append(f"process {process_id} has {late:.0f} descriptors open after {early:.0f}")
    if (longest := max(log_bytes, default=0)) > LOG_BYTES:
        found.append(f"the write-ahead log grew to {longest / 1e6:.0f} MB")
    return found


def plot(values: Sequence[float]) -> str:
    """Return *values* as a row of blocks, the lowest of them empty and the highest full."""
    if not values:
        return ""
    each = max(1, -(-len(values) // _PLOT_WIDTH))
    means = [statistics.fmean(values[at : at + each]) for at in range(0, len(values), each)]
    low, high = min(means), max(means)
    share = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((mean - low) * share)] for mean in means)


def _halves(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    middle = len(samples) // 2
    return samples[:middle] or samples, samples[middle:]
