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
from jotgate.phrases import Phrase, lasting, phrase, phrases, plain
from jotgate.protocols import Account
from jotgate.quota import PLANS
from jotgate.throttle import DAY_SECONDS, MOST_WORK, POSSIBLE_CODES, budget_of
from jotgate.wiring import Parts

# Translators: what was looked at: the API key, the plan's calls, and what the plan takes in a month.
KEY, _PLAN, _MONTH = phrase("key"), phrase("plan"), phrase("month")
# Translators: what was looked at.
_SETTINGS, STORE, _ADDRESS, _BACKUP = (
    phrase("settings"),
    phrase("store"),
    phrase("address"),
    phrase("backup"),
)
# Translators: what was looked at: the guessing of codes, proxies in front of the site, and the machine's clock.
_GUESSING, _PROXIES, _CLOCK = phrase("guessing"), phrase("proxies"), phrase("clock")
# Translators: what was looked at: what reads new submissions from JotForm.
_SWEEP = phrase("sweep")
#: Submissions a month by plan (JotForm's page of plans); at the limit JotForm disables the forms.
_MONTHLY_SUBMISSIONS = {"FREE": 100, "STARTER": 100, "BRONZE": 1_000, "SILVER": 2_500, "GOLD": 10_000}
#: Odds a day above which somebody may be lucky.
_LONG_ODDS = 1e-4
#: So many tries a busy server answers, and so many hashes of 64 kB eight fast cores make, of 2 GB a second each.
_HEARD_A_DAY = 300 * DAY_SECONDS
_HASHES_A_DAY = 244_000 * DAY_SECONDS
#: Where the sweep runs, by the setting `sweeper`.
_SWEEPERS = {
    # Translators: each of these says where submissions are read from JotForm, and something follows after a semicolon.
    "auto": phrase(
        "in a thread of each worker, or inside requests where no thread runs (uWSGI: set enable-threads)"
    ),
    "thread": phrase("in a thread of each worker, which needs threads (uWSGI: set enable-threads)"),
    "request": phrase("inside requests"),
    "external": phrase("by `jotgate sweep --loop`, which must be kept running"),
}


def settings_file(path: Path) -> Finding:
    """Look at who can read the file with the secrets."""
    topic = _SETTINGS
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding(
            level=Level.WARN,
            topic=topic,
            words=phrase(
                "in order, but others on this machine may read their secrets: chmod 600 {path}",
                path=path,
            ),
        )
    words = phrase("in order, and {path} is readable by its owner only", path=path)
    return Finding(level=Level.OK, topic=topic, words=words)


def settings_elsewhere(parts: Parts) -> Finding:
    """Say that the settings were read."""
    words = phrases("in order, {number} form", "in order, {number} forms", len(parts.settings.policies))
    return Finding(level=Level.OK, topic=_SETTINGS, words=words)


def store(parts: Parts) -> Finding:
    """Look whether the store can be written, and how safely it lies."""
    topic = STORE
    try:
        parts.store.check()
    except StoreUnavailable as problem:
        return Finding(level=Level.FAIL, topic=topic, words=down(problem))
    path = parts.settings.store_path
    # Translators: these are about the store.
    if path is None:
        return Finding(level=Level.OK, topic=topic, words=phrase("can be read and written"))
    if stat.S_IMODE(path.stat().st_mode) & 0o077 and os.name == "posix":
        words = phrase(
            "can be read and written, but others on this machine may read it: chmod 600 {path}",
            path=path,
        )
        return Finding(level=Level.WARN, topic=topic, words=words)
    mode = _journal_mode(path)
    if mode != "wal":
        words = phrase(
            "can be read and written, but without a write-ahead log (journal mode {mode}): it is on a network mount,"
            " which is slow, and safe only if the mount's locks work. Move it to a disk of this machine.",
            mode=mode,
        )
        return Finding(level=Level.WARN, topic=topic, words=words)
    return Finding(level=Level.OK, topic=topic, words=phrase("{path} can be read and written", path=path))


def down(problem: StoreUnavailable) -> Phrase:
    """Return what it means that the store does not answer."""
    return phrase("{problem}: nobody is let in until it answers", problem=plain(problem.words))


def _journal_mode(path: Path) -> str:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    except sqlite3.Error:
        return "unknown"


def key(parts: Parts) -> tuple[Finding, Account | None]:
    """Ask JotForm whose key it is; costs a call."""
    topic = KEY
    try:
        account = parts.service.account(operator=True)
    except JotgateError as problem:
        # Translators: about the API key, as what follows.
        words = phrase("could not be tried: {reason}", reason=trouble(problem))
        return Finding(level=Level.FAIL, topic=topic, words=words, steps=_after(problem)), None
    if account.eu_only and parts.settings.api_host == "us":
        words = phrase('works, but the account\'s data is kept in the EU: set api_host = "eu"')
        return Finding(level=Level.FAIL, topic=topic, words=words), account
    words = phrase(
        "works; it belongs to {account}. Only its owner can see whether it is Read Access: look under Settings, API.",
        account=plain(account.username),
    )
    return Finding(level=Level.OK, topic=topic, words=words), account


def _after(problem: JotgateError) -> tuple[Phrase, ...]:
    """Return what helps if JotForm refused the key."""
    refused = isinstance(problem, UpstreamError) and problem.reason is UpstreamReason.UNAUTHORIZED
    return clicks.make_key() if refused else ()


def calls(parts: Parts, account: Account) -> Finding:
    """Ask JotForm for the day's calls; costs a call."""
    topic = _PLAN
    try:
        used, left = parts.service.usage(operator=True)
    except JotgateError as problem:
        return Finding(level=Level.FAIL, topic=topic, words=trouble(problem))
    # Translators: the plan is the name of a plan at JotForm, such as BRONZE.
    told = phrase(
        "{plan}, {used} calls used today, {left} left", plan=plain(account.plan) or "-", used=used, left=left
    )
    if left is None:
        told = phrase(
            "{plan}, {used} calls used today, JotForm does not say how many are left",
            plan=plain(account.plan) or "-",
            used=used,
        )
    plan = parts.settings.plan
    if plan is not None and account.plan.lower() in PLANS and PLANS[plan] != PLANS[account.plan.lower()]:
        words = phrase(
            '{told}; the settings say otherwise: set plan = "{plan}", or leave it out',
            told=told,
            plan=account.plan.lower(),
        )
        return Finding(level=Level.WARN, topic=topic, words=words)
    if left == 0:
        words = phrase("{told}: submissions get their verdict after the reset", told=told)
        return Finding(level=Level.WARN, topic=topic, words=words)
    return Finding(level=Level.OK, topic=topic, words=told)


def live_codes(parts: Parts, plan: str | None) -> Iterator[Finding]:
    """Set the codes that can still be used against the plan's month, and against guessing; *plan* as JotForm says."""
    live = parts.store.live_codes()
    number, uses = live.codes, live.submissions
    told = phrase(
        # Translators: such as three live codes for five more submissions.
        "{codes} for {submissions}",
        codes=phrases("{number} live code", "{number} live codes", number),
        submissions=phrases("{number} more submission", "{number} more submissions", uses),
    )
    limit = _MONTHLY_SUBMISSIONS.get(plan or "")
    if limit is None:
        words = phrase("{told}; no monthly limit is known for this plan", told=told)
        yield Finding(level=Level.OK, topic=_MONTH, words=words)
    elif uses > limit:
        words = phrase(
            "{told}, but the plan takes {limit} a month: at the limit JotForm disables the forms",
            told=told,
            limit=limit,
        )
        yield Finding(level=Level.WARN, topic=_MONTH, words=words)
    else:
        words = phrase("{told}; the plan takes {limit} a month", told=told, limit=limit)
        yield Finding(level=Level.OK, topic=_MONTH, words=words)
    yield guessing(number)


def guessing(number: int) -> Finding:
    """Tell how hopeless guessing is, for all who are slowed and for one who works for each try."""
    if not number:
        words = phrase("to guess one of 0 live codes: impossible")
        return Finding(level=Level.OK, topic=_GUESSING, words=words)
    slowed = min(budget_of(number), _HEARD_A_DAY) * number / POSSIBLE_CODES
    worked = _HASHES_A_DAY / MOST_WORK * number / POSSIBLE_CODES
    words = phrases(
        "to guess one of {number} live code: 1 in {slowed} a day at worst; for a fast computer that works for each"
        " further try, 1 in {worked}",
        "to guess one of {number} live codes: 1 in {slowed} a day at worst; for a fast computer that works for each"
        " further try, 1 in {worked}",
        number,
        slowed=round(1 / slowed),
        worked=round(1 / worked),
    )
    return Finding(level=Level.OK if worked <= _LONG_ODDS else Level.WARN, topic=_GUESSING, words=words)


def sweeper(parts: Parts) -> Finding:
    """Look for signs that the sweep runs; whether threads run can only be seen by its work."""
    mode, now = parts.settings.sweeper, parts.clock.now()
    how = _SWEEPERS[mode]
    states = parts.store.form_states()
    waiting = [state for state in states if state.due_since and now - state.due_since > LATE_DUE_SECONDS]
    if waiting:
        words = phrase(
            "{how}; but it does not seem to run. Due and not read for {time}: {forms}",
            how=how,
            time=lasting(max(now - (one.due_since or now) for one in waiting)),
            forms=", ".join(one.form for one in waiting),
        )
        return Finding(level=Level.FAIL, topic=_SWEEP, words=words)
    read_at = max((state.read_at for state in states if state.read_at), default=None)
    if read_at is None:
        words = phrase("{how}; nothing has been read yet: open the site once, or run `sweep`", how=how)
        return Finding(level=Level.WARN, topic=_SWEEP, words=words)
    if read_at > now + 60:
        words = phrase(
            "the last sweep was at {moment}, which is in the future: set this machine's clock by NTP",
            moment=iso(read_at),
        )
        return Finding(level=Level.FAIL, topic=_CLOCK, words=words)
    words = phrase("{how}; last {time} ago", how=how, time=lasting(now - read_at))
    return Finding(level=Level.OK, topic=_SWEEP, words=words)


def proxies(parts: Parts) -> Finding:
    """Say whose word the gate takes for a visitor's address."""
    trusted, topic = parts.settings.trusted_proxies, _PROXIES
    if trusted:
        header = parts.settings.proxy_header
        words = phrases(
            "the site trusts the last {number} address of {header}: exactly that many proxies must be in front, or"
            " visitors can fake their address",
            "the site trusts the last {number} addresses of {header}: exactly that many proxies must be in front, or"
            " visitors can fake their address",
            trusted,
            header=header,
        )
        return Finding(level=Level.OK, topic=topic, words=words)
    if is_on_this_machine(parts):
        return Finding(level=Level.OK, topic=topic, words=phrase("none in front, none trusted"))
    # Translators: about proxies.
    words = phrase(
        "none is trusted. If one is in front (another server that handles https is one), set trusted_proxies to"
        " their number: otherwise all visitors look like one network, and are slowed down together"
    )
    return Finding(level=Level.WARN, topic=topic, words=words)


def address(parts: Parts) -> Finding:
    """Say whether JotForm can reach the site."""
    site_url = parts.settings.site_url
    if not is_on_this_machine(parts):
        return Finding(
            level=Level.OK,
            topic=_ADDRESS,
            words=phrase("visitors and JotForm's webhooks come to {address}", address=site_url),
        )
    if parts.settings.api_host.startswith("http://"):
        return Finding(
            level=Level.OK,
            topic=_ADDRESS,
            words=phrase("{address}, with the sandbox on this machine", address=site_url),
        )
    words = phrase(
        "{address} is on this machine only: neither other people nor JotForm's webhooks can reach it",
        address=site_url,
    )
    return Finding(level=Level.WARN, topic=_ADDRESS, words=words)


def backup(parts: Parts, settings: Path | None) -> Finding:
    """Say what belongs together."""
    words = phrase(
        "keep copies of {store} and {settings} together: without code_keys every printed code is void,"
        " without secret_keys every open ticket",
        store=parts.settings.store_path or phrase("the database"),
        settings=settings or phrase("the JOTGATE_ settings"),
    )
    return Finding(level=Level.OK, topic=_BACKUP, words=words)
