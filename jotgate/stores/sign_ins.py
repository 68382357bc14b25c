"""One-time links into the office, and the visits that begin with them."""

from __future__ import annotations

import json

from jotgate.ledger import Entry
from jotgate.operators import Operator
from jotgate.protocols import SignIn
from jotgate.stores.driver import Row
from jotgate.stores.verbs import Verbs, record, tried_twice
from jotgate.throttle import grains_of

#: For so long one can see who came in, and who let them.
KEPT_SECONDS = 90 * 86_400.0
#: Wrong links are counted by the network for so long.
_WINDOW_SECONDS = 60.0


class SignInVerbs(Verbs):
    """The part of the store that knows whom a link let into the office."""

    @tried_twice
    def add_sign_in(self, sign_in: SignIn, link: bytes, *, actor: str) -> None:
        """Keep a link by the digest of its secret."""
        operator, now = sign_in.operator, sign_in.made_at
        with self._write() as tx:
            tx.run("remove_old_sign_ins", before=now - KEPT_SECONDS)
            tx.run(
                "add_sign_in",
                sign_in_id=sign_in.sign_in_id,
                link=link,
                name=operator.name,
                forms=_list(operator.forms),
                batches=_list(operator.batches),
                may_change=int(operator.may_change),
                now=now,
                link_until=sign_in.link_until,
            )
            record(tx, _entry("operator.invited", sign_in, now, actor))

    @tried_twice
    def link(self, link: bytes, now: float) -> SignIn | None:
        """Return what a link is for that was not used yet; None: it is good for nothing."""
        with self._read() as tx:
            row = tx.one("find_link", link=link, now=now)
        return None if row is None else _sign_in(row)

    @tried_twice
    def use_link(self, link: bytes, session: bytes, *, now: float, until: float) -> SignIn | None:
        """Begin a visit with a link that was not used yet; None: it is good for nothing."""
        with self._write() as tx:
            row = tx.one("use_link", link=link, session=session, now=now, until=until)
            if row is None:
                return None
            sign_in = _sign_in(row)
            record(tx, _entry("operator.signed_in", sign_in, now, sign_in.operator.name))
        return sign_in

    @tried_twice
    def session(self, session: bytes, now: float) -> SignIn | None:
        """Return the visit of that digest while it lasts."""
        with self._read() as tx:
            row = tx.one("find_session", session=session, now=now)
        return None if row is None else _sign_in(row)

    @tried_twice
    def sign_ins(self) -> list[SignIn]:
        """Return every link and visit of the last months, oldest first."""
        with self._read() as tx:
            return [_sign_in(row) for row in tx.all("read_sign_ins")]

    @tried_twice
    def end_sign_ins(self, sign_in_id: str | None, *, now: float, actor: str) -> int:
        """End one link or visit, or all (None); return how many were not over before."""
        with self._write() as tx:
            ended = tx.all("end_sign_ins", sign_in_id=sign_in_id, now=now)
            for one, name in ended:
                record(tx, Entry(at=now, event="operator.signed_out", actor=actor, about=one, note=name))
        return len(ended)

    @tried_twice
    def count_wrong_link(self, network: str) -> int:
        """Count a link that was good for nothing, and return how many came from this network within the minute."""
        key = f"office {grains_of(network)[-1].key}"
        with self._write() as tx:
            tx.run("count_guess", key=key, window_seconds=_WINDOW_SECONDS, clock=self.guesses.now)
            row = tx.one("count_of_guesses", key=key, clock=self.guesses.now)
        return 0 if row is None else int(row[0])


def _entry(event: str, sign_in: SignIn, now: float, actor: str) -> Entry:
    return Entry(at=now, event=event, actor=actor, about=sign_in.sign_in_id, note=sign_in.operator.name)


def _list(names: object) -> str | None:
    return None if names is None else json.dumps(names)


def _sign_in(row: Row) -> SignIn:
    sign_in_id, name, forms, batches, may_change, *times = row
    operator = Operator(
        name=name,
        forms=None if forms is None else json.loads(forms),
        batches=None if batches is None else json.loads(batches),
        may_change=bool(may_change),
    )
    made_at, link_until, began_at, until, ended_at = times
    return SignIn(
        sign_in_id=sign_in_id,
        operator=operator,
        made_at=made_at,
        link_until=link_until,
        began_at=began_at,
        until=until,
        ended_at=ended_at,
    )
