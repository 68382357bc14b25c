"""Faults on order: what to do wrong, to which requests, and how often."""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from itertools import count


class FaultKind(Enum):
    """What can be ordered."""

    STATUS = "status"  #: another HTTP status, with JSON in JotForm's shape; a 3xx may have a `location`.
    HTML = "html"  #: a maintenance page.
    TIMEOUT = "timeout"  #: no answer for `seconds`, then the connection is closed.
    RESET = "reset"  #: the connection is reset.
    DRIP = "drip"  #: the right answer, one byte every `seconds`.
    GZIP_BOMB = "gzip_bomb"  #: a small body that unpacks to `size_bytes`.
    HUGE = "huge"  #: a body of `size_bytes`, streamed.
    CUT_JSON = "cut_json"  #: the right answer, ended after the share `keep` of it.
    BODY = "body"  #: any text, for hostile JSON.
    CODE_MISMATCH = "code_mismatch"  #: HTTP `http`, but `responseCode` is `code`.
    OVER_LIMIT = "over_limit"  #: the daily limit seems reached; `variant` 403, 429, 200 or 503.
    NO_LIMIT_LEFT = "no_limit_left"  #: the right answer without `limit-left`.
    WRONG_REGION = "wrong_region"  #: JSON without `content`, as from another region's host.
    NULL_ANSWERS = "null_answers"  #: answers of submissions younger than `seconds` are not there yet.
    IGNORE_FILTER = "ignore_filter"  #: the filter is echoed, and every row comes.
    LEAVE_OUT = "leave_out"  #: lists come without the rows of the form `form_id`, or without any.
    PAGE_504_ABOVE = "page_504_above"  #: pages of more than `rows` rows fail; `how` is 504 or cut.
    LATENCY = "latency"  #: the answer starts after `seconds`.
    DOWN = "down"  #: the connection is closed at once and nothing is counted.
    WEBHOOK_LOST = "webhook_lost"  #: a delivery is never sent, with `probability`.
    WEBHOOK_DOUBLED = "webhook_doubled"  #: a delivery is sent twice.
    WEBHOOK_LATE = "webhook_late"  #: a delivery is sent `seconds` later.
    WEBHOOK_REORDERED = (
        "webhook_reordered"  #: `batch` deliveries are held (`seconds` at most) and sent last first.
    )


#: The options of each kind with their defaults.
OPTIONS: Mapping[FaultKind, Mapping[str, object]] = {
    FaultKind.STATUS: {"code": 503, "message": "Internal error", "location": None, "retry_after": None},
    FaultKind.HTML: {"code": 503},
    FaultKind.TIMEOUT: {"seconds": 3600.0},
    FaultKind.RESET: {},
    FaultKind.DRIP: {"seconds": 0.1},
    FaultKind.GZIP_BOMB: {"size_bytes": 200_000_000},
    FaultKind.HUGE: {"size_bytes": 200_000_000},
    FaultKind.CUT_JSON: {"keep": 0.5},
    FaultKind.BODY: {"body": "", "code": 200, "content_type": "application/json"},
    FaultKind.CODE_MISMATCH: {"code": 403, "http": 200, "message": "Not authorized"},
    FaultKind.OVER_LIMIT: {"variant": "429"},
    FaultKind.NO_LIMIT_LEFT: {},
    FaultKind.WRONG_REGION: {},
    FaultKind.NULL_ANSWERS: {"seconds": 30.0, "shape": "null"},
    FaultKind.IGNORE_FILTER: {},
    FaultKind.LEAVE_OUT: {"form_id": ""},
    FaultKind.PAGE_504_ABOVE: {"rows": 100, "how": "504"},
    FaultKind.LATENCY: {"seconds": 1.0},
    FaultKind.DOWN: {},
    FaultKind.WEBHOOK_LOST: {"probability": 1.0},
    FaultKind.WEBHOOK_DOUBLED: {"probability": 1.0},
    FaultKind.WEBHOOK_LATE: {"seconds": 60.0, "probability": 1.0},
    FaultKind.WEBHOOK_REORDERED: {"batch": 2, "seconds": 5.0},
}

#: Options that take one of a few words.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "variant": ("403", "429", "200", "503"),
    "shape": ("null", "each", "empty"),
    "how": ("504", "cut"),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One order."""

    fault_id: int
    kind: FaultKind
    #: How often it still acts; None: until it is cleared.
    times: int | None
    #: Which paths, as a glob without `/v1`; None: every API call. For webhook faults: which addresses.
    path: str | None
    options: dict[str, object]

    def number(self, option: str) -> float:
        """Return an option that was checked to be a number."""
        return float(str(self.options[option]))

    def text(self, option: str) -> str:
        """Return an option as text; an absent one is empty."""
        given = self.options[option]
        return "" if given is None else str(given)

    def to_json(self) -> dict[str, object]:
        """Return what the sandbox's pages show."""
        return {
            "id": self.fault_id,
            "kind": self.kind.value,
            "times": self.times,
            "path": self.path,
            **self.options,
        }


class Faults:
    """The orders that are not used up; safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []
        self._numbers = count(1)

    def add(self, kind: str, times: int | None, path: str | None, options: Mapping[str, object]) -> Fault:
        """Order a fault. Raises ValueError, with the possible values, for an unknown kind or option."""
        try:
            known = FaultKind(kind)
        except ValueError:
            kinds = ", ".join(each.value for each in FaultKind)
            raise ValueError(f"there is no fault {kind!r}; there are: {kinds}") from None
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError(f"times must be a number from 1 up, or none for always, not {times!r}")
        checked = _checked(known, options)
        with self._lock:
            fault = Fault(fault_id=next(self._numbers), kind=known, times=times, path=path, options=checked)
            self._orders.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Take back one order, or all."""
        with self._lock:
            self._orders = [f for f in self._orders if fault_id is not None and f.fault_id != fault_id]

    def active(self) -> list[Fault]:
        """Return the orders that are not used up, oldest first."""
        with self._lock:
            return list(self._orders)

    def take(
        self,
        kinds: Collection[FaultKind],
        path: str,
        *,
        is_api: bool = True,
        when: Callable[[Fault], bool] = lambda fault: True,
    ) -> Fault | None:
        """Return the oldest order of these kinds that concerns this path and can act; it is used once."""
        with self._lock:
            for fault in self._orders:
                if fault.kind in kinds and _concerns(fault, path, is_api) and when(fault) and _happens(fault):
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            self._orders.remove(fault)


def _concerns(fault: Fault, path: str, is_api: bool) -> bool:
    return is_api if fault.path is None else fnmatchcase(path, fault.path)


def _happens(fault: Fault) -> bool:
    probability = float(str(fault.options.get("probability", 1.0)))
    return probability >= 1.0 or secrets.randbelow(10**6) < probability * 10**6


def _checked(kind: FaultKind, options: Mapping[str, object]) -> dict[str, object]:
    defaults = OPTIONS[kind]
    for name, given in options.items():
        if name not in defaults:
            allowed = ", ".join(defaults) or "none"
            raise ValueError(f"the fault {kind.value!r} has no option {name!r}; it has: {allowed}")
        if isinstance(defaults[name], (int, float)) and not _is_number(given):
            raise ValueError(f"the option {name!r} must be a number from 0 up, not {given!r}")
        if name in CHOICES and str(given) not in CHOICES[name]:
            raise ValueError(f"the option {name!r} must be one of {', '.join(CHOICES[name])}, not {given!r}")
    return {**defaults, **options}


def _is_number(given: object) -> bool:
    try:
        return 0 <= float(str(given)) < math.inf
    except ValueError:
        return False
