"""The mutants of a module: each a small change in the body of one function, made in its syntax tree.

The changes are mutmut's. It would leave out every function with a decorator, which the verbs of a store all have, and
it copies the project for its tests; these are put into the functions of the running process instead.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from types import CodeType
from typing import Any

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.Div, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd, ast.Pow: ast.Mult,
}  # fmt: skip
_METHODS = {"lower": "upper", "lstrip": "rstrip", "partition": "rpartition", "startswith": "endswith"}
_METHODS |= {other: one for one, other in _METHODS.items()}


@dataclass(frozen=True)
class Mutant:
    """A change of one line of one function."""

    path: str
    #: `parse`, or `Usage.take` in a class.
    function: str
    line: str
    becomes: str
    #: The line of the file where the function begins, its decorators included.
    begins: int = field(default=0, compare=False)
    #: Compile the function as it is changed.
    code: Callable[[], CodeType] = field(default=lambda: compile("", "", "exec"), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.path} {self.function}\n- {self.line}\n+ {self.becomes}"


def mutants_of(path: str, source: str, filename: str) -> Iterator[Mutant]:
    """Yield every mutant of the module with this *source*; each `code` is good until the next one is asked for."""
    tree = ast.parse(source, filename)
    for name, function in _functions(tree):
        begins = min([function.lineno, *(one.lineno for one in function.decorator_list)])
        for statement, node, place, new in _changes(function):
            old = _put(node, place, new)
            code = _compiler(ast.fix_missing_locations(tree), filename, function.name, begins)
            after = ast.unparse(statement).splitlines()
            _put(node, place, old)
            before = ast.unparse(statement).splitlines()
            _put(node, place, new)
            pairs = [(one, two) for one, two in zip_longest(before, after, fillvalue="") if one != two]
            lines = (" ".join(line.strip() for line in side) for side in zip(*pairs, strict=True))
            yield Mutant(path, name, *lines, begins, code)
            _put(node, place, old)


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(inner, ast.FunctionDef):
                yield f"{node.name}.{inner.name}", inner  # type: ignore[attr-defined]


def _compiler(tree: ast.Module, filename: str, name: str, begins: int) -> Callable[[], CodeType]:
    return lambda: _found(compile(tree, filename, "exec"), name, begins)


def _found(code: CodeType, name: str, begins: int) -> CodeType:
    inside = [code]
    for one in inside:
        if (one.co_name, one.co_firstlineno) == (name, begins):
            return one
        inside += [constant for constant in one.co_consts if isinstance(constant, CodeType)]
    raise LookupError(f"{name} does not begin in line {begins}")


#: A field of a node, and the place in it if it is a list.
_Place = tuple[str, int | None]


def _put(node: Any, place: _Place, new: Any) -> Any:
    """Put *new* in a place of *node*, and return what was there."""
    name, index = place
    if index is None:
        old = getattr(node, name)
        setattr(node, name, new)
        return old
    items = getattr(node, name)
    old, items[index] = items[index], new
    return old


def _changes(function: ast.FunctionDef) -> Iterator[tuple[ast.stmt, ast.AST, _Place, Any]]:
    """Yield what can be changed in the body: in which statement, where, and to what."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    for statement in body:
        yield from _below(statement, statement, function, ("body", function.body.index(statement)))


def _below(
    statement: ast.stmt, node: ast.AST, parent: ast.AST, place: _Place
) -> Iterator[tuple[ast.stmt, ast.AST, _Place, Any]]:
    statement = node if isinstance(node, ast.stmt) else statement
    for new in _instead(node):
        # A statement that is replaced as a whole shows in what it is part of.
        yield parent if isinstance(new, ast.stmt) else statement, parent, place, new  # type: ignore[misc]
    if isinstance(node, (ast.JoinedStr, ast.Raise, ast.Assert)):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "args", "decorator_list") and isinstance(
            node, (ast.FunctionDef, ast.AnnAssign, ast.Lambda)
        ):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                yield from _below(statement, child, node, (name, index))


def _instead(node: ast.AST) -> Iterator[Any]:
    """Yield what may stand instead of *node*."""
    if type(node) in _SWAPPED:
        yield _SWAPPED[type(node)]()
    match node:
        case ast.Constant(value=value):
            yield from map(ast.Constant, _other_values(value))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.AugAssign(target=target, value=value):
            yield ast.Assign([target], value)
        case ast.Assign(targets=targets, value=value):
            yield ast.Assign(targets, ast.Constant("" if _is_none(value) else None))
        case ast.Break():
            yield ast.Return()
        case ast.Continue():
            yield ast.Break()
        case ast.Call(func=func, args=args, keywords=keywords):
            yield from _other_calls(func, args, keywords)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other_values(value: object) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        # What has a space is a sentence, and wording decides nothing.
        case str() if " " not in value:
            yield f"XX{value}XX"
        case bytes():
            yield b"XX" + value


def _other_calls(func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[ast.Call]:
    for n, one in enumerate(args):
        if not isinstance(one, (ast.Starred, ast.GeneratorExp)) and not _is_none(one):
            yield ast.Call(func, [*args[:n], ast.Constant(None), *args[n + 1 :]], keywords)
    for n, named in enumerate(keywords):
        rest = (keywords[:n], keywords[n + 1 :])
        if named.arg and not _is_none(named.value):
            yield ast.Call(func, args, [*rest[0], ast.keyword(named.arg, ast.Constant(None)), *rest[1]])
            yield ast.Call(func, args, [*rest[0], *rest[1]])
    if isinstance(func, ast.Attribute) and func.attr in _METHODS:
        yield ast.Call(ast.Attribute(func.value, _METHODS[func.attr], ast.Load()), args, keywords)
