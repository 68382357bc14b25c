"""What `doctor` looks at once for the whole site."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from jotgate.checkup import clicks
from jotgate.checkup.findings import Finding, Level, is_on_this_machine, trouble
from jotgate.checkup.lateness import LATE_DUE_SECONDS
from jotgate.clock import iso
from jotgate.errors import JotgateError, StoreUnavailable, UpstreamError, UpstreamReason
from jotgate.phrases import counted, lasting, plain
from jotgate.protocols import Account
from jotgate.quota import PLANS
from jotgate.throttle import DAY_SECONDS, MOST_WORK, POSSIBLE_CODES, budget_of
from jotgate.wiring import Parts

#: Submissions a month by plan (JotForm's page of plans); at the limit JotForm disables the forms.
_MONTHLY_SUBMISSIONS = {"FREE": 100, "STARTER": 100, "BRONZE": 1_000, "SILVER": 2_500, "GOLD": 10_000}
#: Odds a day above which somebody may be lucky.
_LONG_ODDS = 1e-4
#: So many tries a busy server answers, and so many hashes of 64 kB eight fast cores make, of 2 GB a second each.
_HEARD_A_DAY = 300 * DAY_SECONDS
_HASHES_A_DAY = 244_000 * DAY_SECONDS


def settings_file(path: Path) -> Finding:
    """Look at who can read the file with the secrets."""
    topic = "settings"
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding(
            level=Level.WARN,
            topic=topic,
            words=f"in order, but others on this machine may read their secrets: chmod 600 {path}",
        )
    return Finding(level=Level.OK, topic=topic, words=f"in order, and {path} is readable by its owner only")


def settings_elsewhere(parts: Parts) -> Finding:
    """Say that the settings were read."""
    return Finding(
        level=Level.OK, topic="settings", words=f"in order, {counted(len(parts.settings.policies), 'form')}"
    )


def store(parts: Parts) -> Finding:
    """Look whether the store can be written, and how safely it lies."""
    topic = "store"
    try:
        parts.store.check()
    except StoreUnavailable as problem:
        return Finding(level=Level.FAIL, topic=topic, words=f"{problem}: nobody is let in until it answers")
    path = parts.settings.store_path
    if path is None:
        return Finding(level=Level.OK, topic=topic, words="can be read and written")
    if stat.S_IMODE(path.stat().st_mode) & 0o077 and os.name == "posix":
        words = f"can be read and written, but others on this machine may read it: chmod 600 {path}"
        return Finding(level=Level.WARN, topic=topic, words=words)
    mode = _journal_mode(path)
    if mode != "wal":
        words = (
            f"can be read and written, but without a write-ahead log (journal mode {mode}): it is on a network mount,"
            " which is slow, and safe only if the mount's locks work. Move it to a disk of this machine."
        )
        return Finding(level=Level.WARN, topic=topic, words=words)
    return Finding(level=Level.OK, topic=topic, words=f"{path} can be read and written")


def _journal_mode(path: Path) -> str:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    except sqlite3.Error:
        return "unknown"


def key(parts: Parts) -> tuple[Finding, Account | None]:
    """Ask JotForm whose key it is; costs a call."""
    topic = "key"
    try:
        account = parts.service.account(operator=True)
    except JotgateError as problem:
        words = f"could not be tried: {plain(trouble(problem))}"
        return Finding(level=Level.FAIL, topic=topic, words=words, steps=_after(problem)), None
    if account.eu_only and parts.settings.api_host == "us":
        words = 'works, but the account\'s data is kept in the EU: set api_host = "eu"'
        return Finding(level=Level.FAIL, topic=topic, words=words), account
    words = (
        f"works; it belongs to {plain(account.username)}. Only its owner can see whether it is Read Access: look"
        " under Settings, API."
    )
    return Finding(level=Level.OK, topic=topic, words=words), account


def _after(problem: JotgateError) -> tuple[str, ...]:
    """Return what helps if JotForm refused the key."""
    refused = isinstance(problem, UpstreamError) and problem.reason is UpstreamReason.UNAUTHORIZED
    return clicks.make_key() if refused else ()


def calls(parts: Parts, account: Account) -> Finding:
    """Ask JotForm for the day's calls; costs a call."""
    topic = "plan"
    try:
        used, left = parts.service.usage(operator=True)
    except JotgateError as problem:
        return Finding(level=Level.FAIL, topic=topic, words=plain(trouble(problem)))
    told = f"{plain(account.plan) or 'unknown'}, {used:,} calls used today, " + (
        "JotForm does not say how many are left" if left is None else f"{left:,} left"
    )
    plan = parts.settings.plan
    if plan is not None and account.plan.lower() in PLANS and PLANS[plan] != PLANS[account.plan.lower()]:
        words = f'{told}; the settings say otherwise: set plan = "{account.plan.lower()}", or leave it out'
        return Finding(level=Level.WARN, topic=topic, words=words)
    if left == 0:
        return Finding(
            level=Level.WARN, topic=topic, words=f"{told}: submissions get their verdict after the reset"
        )
    return Finding(level=Level.OK, topic=topic, words=told)


def live_codes(parts: Parts, plan: str | None) -> Iterator[Finding]:
    """Set the codes that can still be used against the plan's month, and against guessing; *plan* as JotForm says."""
    live = parts.store.live_codes()
    number, uses = live.codes, live.submissions
    told = f"{counted(number, 'live code')} for {counted(uses, 'more submission')}"
    limit = _MONTHLY_SUBMISSIONS.get(plan or "")
    if limit is None:
        yield Finding(level=Level.OK, topic="month", words=f"{told}; no monthly limit is known for this plan")
    elif uses > limit:
        words = f"{told}, but the plan takes {limit:,} a month: at the limit JotForm disables the forms"
        yield Finding(level=Level.WARN, topic="month", words=words)
    else:
        yield Finding(level=Level.OK, topic="month", words=f"{told}; the plan takes {limit:,} a month")
    yield guessing(number)


def guessing(number: int) -> Finding:
    """Tell how hopeless guessing is, for all who are slowed and for whoever works for each try."""
    words = f"to guess one of {counted(number, 'live code')}: "
    if not number:
        return Finding(level=Level.OK, topic="guessing", words=words + "impossible")
    slowed = min(budget_of(number), _HEARD_A_DAY) * number / POSSIBLE_CODES
    worked = _HASHES_A_DAY / MOST_WORK * number / POSSIBLE_CODES
    words += (
        f"1 in {1 / slowed:,.0f} a day at worst; for a fast computer that works for each further try, "
        f"1 in {1 / worked:,.0f}"
    )
    return Finding(level=Level.OK if worked <= _LONG_ODDS else Level.WARN, topic="guessing", words=words)


def sweeper(parts: Parts) -> Finding:
    """Look for signs that the sweep runs; whether threads run can only be seen by its work."""
    mode, now = parts.settings.sweeper, parts.clock.now()
    how = {
        "auto": "in a thread of each worker, or inside requests where no thread runs (uWSGI: set enable-threads)",
        "thread": "in a thread of each worker, which needs threads (uWSGI: set enable-threads)",
        "request": "inside requests",
        "external": "by `jotgate sweep --loop`, which must be kept running",
    }[mode]
    states = parts.store.form_states()
    waiting = [state for state in states if state.due_since and now - state.due_since > LATE_DUE_SECONDS]
    if waiting:
        named = ", ".join(f"{one.form} for {lasting(now - (one.due_since or now))}" for one in waiting)
        words = f"{how}; but it does not seem to run. Due and not read: {named}"
        return Finding(level=Level.FAIL, topic="sweep", words=words)
    read_at = max((state.read_at for state in states if state.read_at), default=None)
    if read_at is None:
        words = f"{how}; nothing has been read yet: open the site once, or run `sweep`"
        return Finding(level=Level.WARN, topic="sweep", words=words)
    if read_at > now + 60:
        words = (
            f"the last sweep was at {iso(read_at)}, which is in the future: set this machine's clock by NTP"
        )
        return Finding(level=Level.FAIL, topic="clock", words=words)
    return Finding(level=Level.OK, topic="sweep", words=f"{how}; last {lasting(now - read_at)} ago")


def proxies(parts: Parts) -> Finding:
    """Say whose word the gate takes for a visitor's address."""
    trusted, topic = parts.settings.trusted_proxies, "proxies"
    if trusted:
        header = parts.settings.proxy_header
        words = (
            f"the site trusts the last {counted(trusted, 'address', 'addresses')} of {header}: exactly that"
            " many proxies must be in front, or visitors can fake their address"
        )
        return Finding(level=Level.OK, topic=topic, words=words)
    if is_on_this_machine(parts):
        return Finding(level=Level.OK, topic=topic, words="none in front, none trusted")
    words = (
        "none is trusted. If one is in front (another server that handles https is one), set trusted_proxies to"
        " their number: otherwise all visitors look like one network, and are slowed down together"
    )
    return Finding(level=Level.WARN, topic=topic, words=words)


def address(parts: Parts) -> Finding:
    """Say whether JotForm can reach the site."""
    site_url = parts.settings.site_url
    if not is_on_this_machine(parts):
        return Finding(
            level=Level.OK, topic="address", words=f"visitors and JotForm's webhooks come to {site_url}"
        )
    if parts.settings.api_host.startswith("http://"):
        return Finding(level=Level.OK, topic="address", words=f"{site_url}, with the sandbox on this machine")
    words = f"{site_url} is on this machine only: neither other people nor JotForm's webhooks can reach it"
    return Finding(level=Level.WARN, topic="address", words=words)


def backup(parts: Parts, settings: Path | None) -> Finding:
    """Say what belongs together."""
    store_path = parts.settings.store_path or "the database"
    where = settings or "the JOTGATE_ settings"
    words = (
        f"keep copies of {store_path} and {where} together: without code_keys every printed code is void,"
        " without secret_keys every open ticket"
    )
    return Finding(level=Level.OK, topic="backup", words=words)
