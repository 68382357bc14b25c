"""`jotgate codes cards`: codes on paper, from the list that they went out in or as they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar
from urllib.parse import quote

import click
from click.core import ParameterSource

from jotgate import cards, classlist
from jotgate.admission.grants import IssuedCode
from jotgate.cards import Card, Layout, Paper, Printed
from jotgate.cli.languages import check_language, language_option
from jotgate.cli.lists import remark
from jotgate.cli.output import counted, emit, json_option, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.codes import CodeText, parse, printed
from jotgate.config.languages import language_for
from jotgate.errors import InputError
from jotgate.protocols import Grant
from jotgate.speaking import Language
from jotgate.wiring import Parts

F = TypeVar("F", bound=Callable[..., object])

_PDF = ".pdf"
_MAX_TEXT_CHARS = 20_000


def _choice(name: str, values: type[Layout | Paper], meaning: str) -> Callable[[F], F]:
    texts = [one.value for one in values]
    return click.option(name, type=click.Choice(texts), default=texts[0], show_default=True, help=meaning)


def card_options(command: F) -> F:
    """Add the options that say how cards look."""
    for add in (
        language_option("The language of cards, such as de.  [default: the first of the form's]"),
        click.option(
            "--text",
            type=click.File("r", encoding="utf-8-sig"),
            help="A file with a text of your own, in which {name}, {class}, {number}, {code}, {address}, {title} and"
            " {site} are filled in.",
        ),
        _choice("--paper", Paper, "The paper for cards."),
        _choice(
            "--layout",
            Layout,
            "On each page eight cards, ten, two in large print, or one letter; or a plain list.",
        ),
    ):
        command = add(command)
    return command


def cards_options(command: F) -> F:
    """Add the options of a command that makes codes: in which file their cards go, and how they look."""
    named = click.option(
        "--cards",
        "cards_out",
        type=click.Path(path_type=Path),
        help="A new file of cards to print, .html or .pdf; see `codes cards`.",
    )
    return named(card_options(command))


@click.command(
    "cards",
    help="Print codes for FORM on cards, letters or a list, from the file that `codes create` wrote (--from): a page"
    " for a browser, or a PDF if the name of the new file ends in .pdf.",
)
@click.argument("form")
@click.option("--from", "coded", type=click.File("rb"), required=True, help="The file with the codes.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="A new file, readable by you only: .html or .pdf.",
)
@card_options
@json_option
@click.pass_context
def make_cards(
    ctx: click.Context,
    form: str,
    coded: BinaryIO,
    out: Path,
    layout: str,
    paper: str,
    text: TextIO | None,
    language: str,
    as_json: bool,
) -> None:
    """Make the cards of a list; nothing is stored."""
    parts = open_parts(ctx)
    policy_of(parts, form)
    press = Press(parts, form, out, layout, paper, text, language)
    found = classlist.read_coded(coded, cards.MAX_CARDS)
    for one in found.remarks:
        remark(one)
    made = list(_of_lines(parts, form, found.lines, press.spoken))
    if not made:
        raise InputError(["the list has no code that opens this form, so there is no card"])
    with press.filling():
        press.cards = made
    if as_json:
        emit({"cards": len(made), "form": form, "out": str(press.out)})
    press.conclude()


def press_of(
    ctx: click.Context,
    parts: Parts,
    form: str,
    out: Path | None,
    layout: str,
    paper: str,
    text: TextIO | None,
    language: str,
) -> Press | None:
    """Return what prints the cards of new codes, if any are wanted.

    Raises:
        click.UsageError: it is said how cards look, and not where they go.
        InputError: as `Press`.
    """
    if out is not None:
        return Press(parts, form, out, layout, paper, text, language)
    for name in ("layout", "paper", "text", "language"):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is about cards: name their file with --cards.")
    return None


class Press:
    """Puts cards into one new file."""

    def __init__(
        self, parts: Parts, form: str, out: Path, layout: str, paper: str, text: TextIO | None, language: str
    ) -> None:
        """Look at what is wanted, before any code is made.

        Raises:
            InputError: it cannot be done, or not here.
        """
        settings = parts.settings
        policy = settings.policies[form]
        check_language(parts, form, language)
        self._settings, self._policy, self._wish = settings, policy, language
        #: What it prints.
        self.cards: list[Card] = []
        self.out = out
        self._is_pdf = out.suffix.lower() == _PDF
        self._printed = Printed(
            address=door_of(parts, form),
            layout=Layout(layout),
            paper=Paper(paper),
            title=policy.title,
            site=settings.site_name or "",
            text=None if text is None else text.read(_MAX_TEXT_CHARS),
            language=self.spoken(""),
        )
        cards.check(self._printed, 0)
        if self._is_pdf:
            cards.printers()

    def spoken(self, own: str) -> Language:
        """Return the language of a card for who reads *own*, by its tag; "": nobody knows."""
        return language_for(self._settings, self._policy, [own, self._wish])

    def noted(
        self, issued: Iterable[IssuedCode], group_of: Callable[[IssuedCode], str]
    ) -> Iterator[IssuedCode]:
        """Give new codes on, and keep a card of each."""
        for one in issued:
            self.add(one, group_of(one))
            yield one

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Create the file, and print the cards that there are in the end; what fails before leaves no file.

        Raises:
            InputError: the file exists, or cannot be created.
        """
        with classlist.open_new(self.out) as stream:
            try:
                yield
            except BaseException:
                self.out.unlink()
                raise
            self.print(stream)

    def add(self, issued: IssuedCode, group: str = "") -> None:
        """Print a new code, too."""
        name, number = issued.label or issued.subject or "", issued.subject or ""
        self.cards.append(
            Card(
                code=issued.code,
                name=name,
                group=group,
                number="" if number == name else number,
                language=self.spoken(issued.language or ""),
            )
        )

    def print(self, stream: BinaryIO) -> None:
        """Write the cards; beside their file, as a page for a browser, if no PDF can be made: they are made once."""
        document = cards.sheet(self.cards, self._printed)
        page = document.encode("utf-8", "replace")
        if not self._is_pdf:
            stream.write(page)
            return
        try:
            stream.write(cards.pdf(document))
        except InputError as problem:
            self.out.unlink()
            self.out = self.out.with_suffix(".html")
            with classlist.open_new(self.out) as beside:
                beside.write(page)
            remark(f"{problem}; here is a page to print from a browser instead")

    def conclude(self) -> None:
        """Tell people what to do with the file."""
        made = counted(len(self.cards), "card")
        say(f"Made {made}, in {self.out}: print it at 100 %, and delete it once it is printed.", err=True)


def door_of(parts: Parts, form: str) -> str:
    """Return the address of the page that asks for a form's codes."""
    page = parts.settings.policies[form].page or f"{parts.settings.url_prefix}/f/{quote(form)}"
    return f"{parts.settings.site_url}{page}"


def _of_lines(
    parts: Parts, form: str, lines: Iterable[classlist.CodedLine], spoken: Callable[[str], Language]
) -> Iterator[Card]:
    """Give a card for each line whose code opens the form, and say which do not."""
    for line in lines:
        found = parts.grants.by_code(line.code) if line.code else None
        grant = next(parts.grants.list(found), None) if found else None
        is_replaced = bool(found and not grant and parts.store.replaced_codes(found.fingerprints))
        if fault := "another code has taken its place" if is_replaced else _fault(line, grant, form):
            remark(f"line {line.line_number}: {fault}, so there is no card")
            continue
        assert grant is not None
        name = line.name or grant.label or grant.subject or ""
        yield Card(
            code=_as_printed(line.code),
            name=name,
            group=line.group,
            number=line.number,
            language=spoken(line.language or grant.language or ""),
        )


def _as_printed(text: str) -> str:
    code = parse(text)
    return printed(code) if isinstance(code, CodeText) else text


def _fault(line: classlist.CodedLine, grant: Grant | None, form: str) -> str:
    """Return why a line gives no card; no capital, no full stop."""
    if not line.code:
        return "there is no code"
    if grant is None or grant.form != form:
        return "this is not a code for the form"
    if grant.revoked_at is not None:
        return "the code was revoked"
    return "the code was used" if grant.used >= grant.uses else ""
