"""Turns what a form refuses into lines for people: ``file:line:column: what is wrong, what is allowed``."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from telcoai.spec.nodes import Items, Node, Table, find, mark_of_key

MOST = 100
"""Problems of one document that are told; more don't help."""

_MANY = 200

Place = tuple[str | int, ...]


def allowed(names: Iterable[str]) -> str:
    """``(allowed: a, b)``, cut when there are many."""
    known = list(names)
    more = f" and {len(known) - 20} more" if len(known) > 20 else ""
    return f"(allowed: {', '.join(known[:20])}{more})" if known else "(none is allowed)"


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """``; did you mean x?`` for the nearest name, or nothing."""
    known = list(names)
    if len(known) > _MANY:  # comparing with thousands of names takes seconds
        known = [name for name in known if name[:1] == word[:1]][:_MANY]
    near = difflib.get_close_matches(word[:60], known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def shown(value: object) -> str:
    """A value as short text for messages."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…")


def empty_values(node: Node, place: Place = ()) -> list[str]:
    """A key with nothing after it is a slip, never a value."""
    found: list[str] = []
    children: Iterable[tuple[str | int, Node]] = ()
    if isinstance(node, Table):
        children = node.items.items()
    elif isinstance(node, Items):
        children = enumerate(node.items)
    for step, child in children:
        if type(child) is Node and child.value is None:
            found.append(child.mark.problem(f"{step if isinstance(step, str) else 'this item'} has no value"))
        found += empty_values(child, (*place, step))
    return found


def of_form(error: ValidationError, model: type[BaseModel], node: Table) -> list[str]:
    """Every refusal of ``model`` as a line; ``node`` is what it was given."""
    details = error.errors(include_url=False)
    lines = [_line(one, model, node) for one in details[:MOST]]
    if len(details) > MOST:
        lines.append(node.mark.problem(f"and {len(details) - MOST} more problems"))
    return lines


def _line(detail: ErrorDetails, model: type[BaseModel], node: Table) -> str:
    place, forms = _walk(model, detail["loc"])
    kind = detail["type"]
    if kind == "extra_forbidden":
        names = sorted({name for form in forms for name in form.model_fields})
        key = str(place[-1])
        what = f"unknown key {shown(key)} {allowed(names)}{did_you_mean(key, names)}"
        return mark_of_key(node, place).problem(what)
    if kind == "union_tag_invalid":
        place = (*place, str(detail["ctx"]["discriminator"]).strip("'"))
    where = find(node, place)
    what = _TEXTS.get(kind, _as_said)(detail)
    if kind != "missing" and place and isinstance(place[-1], str):
        what = f"{place[-1]}: {what}"
    return where.mark.problem(what)


def _walk(model: type[BaseModel], loc: Iterable[str | int]) -> tuple[Place, list[type[BaseModel]]]:
    """The place without a validator's own steps, and the forms that may stand before its last step."""
    place: Place = ()
    forms, before = [model], [model]
    for step in loc:
        before = forms
        if isinstance(step, int):
            place = (*place, step)
            continue
        tagged = [form for form in forms if form.__name__ == step or (len(forms) > 1 and _is_tag(form, step))]
        if tagged:
            forms = tagged
            continue
        fields = [form.model_fields[step] for form in forms if step in form.model_fields]
        place = (*place, step)
        forms = [found for field in fields for found in _forms_in(field.annotation)]
    return place, before


def _is_tag(form: type[BaseModel], step: str) -> bool:
    literals = [typing.get_args(f.annotation) for f in form.model_fields.values()]
    return form.__name__ == step or any(step in values for values in literals)


def _forms_in(annotation: Any) -> list[type[BaseModel]]:
    """The forms that an annotation mentions."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [form for argument in typing.get_args(annotation) for form in _forms_in(argument)]


def _as_said(detail: ErrorDetails) -> str:
    return detail["msg"][:1].lower() + detail["msg"][1:]


def _value_error(detail: ErrorDetails) -> str:
    return str(detail["ctx"]["error"])


def _missing(detail: ErrorDetails) -> str:
    return f"missing key {shown(detail['loc'][-1])}"


def _choice(detail: ErrorDetails) -> str:
    names = [word.strip(" '") for word in detail["ctx"]["expected"].replace(" or ", ", ").split(",")]
    value = str(detail["input"])
    return f"unknown value {shown(detail['input'])} {allowed(names)}{did_you_mean(value, names)}"


def _tag(detail: ErrorDetails) -> str:
    names = [word.strip(" '") for word in detail["ctx"]["expected_tags"].split(",")]
    tag = str(detail["ctx"]["tag"])
    return f"unknown value {shown(tag)} {allowed(names)}{did_you_mean(tag, names)}"


def _must_be(what: str) -> Callable[[ErrorDetails], str]:
    return lambda detail: f"must be {what}, not {shown(detail['input'])}"


def _bound(words: str, key: str) -> Callable[[ErrorDetails], str]:
    return lambda detail: f"must be {words} {detail['ctx'][key]:g}"


def _length(words: str, key: str) -> Callable[[ErrorDetails], str]:
    return lambda detail: f"must hold {words} {detail['ctx'][key]}"


_TEXTS: Mapping[str, Callable[[ErrorDetails], str]] = types.MappingProxyType(
    {
        "value_error": _value_error,
        "missing": _missing,
        "literal_error": _choice,
        "union_tag_invalid": _tag,
        "union_tag_not_found": lambda d: f"missing key {d['ctx']['discriminator']}",
        "string_type": _must_be("text"),
        "int_type": _must_be("a whole number"),
        "float_type": _must_be("a number"),
        "list_type": _must_be("a list"),
        "model_type": _must_be("a mapping"),
        "dict_type": _must_be("a mapping"),
        "model_attributes_type": _must_be("a mapping"),
        "greater_than_equal": _bound("at least", "ge"),
        "greater_than": _bound("more than", "gt"),
        "less_than_equal": _bound("at most", "le"),
        "less_than": _bound("less than", "lt"),
        "too_long": _length("at most", "max_length"),
        "too_short": _length("at least", "min_length"),
        "string_too_long": _length("at most", "max_length"),
        "string_too_short": _length("at least", "min_length"),
        "string_pattern_mismatch": lambda d: (
            f"{shown(d['input'])} is not a name (allowed: lower-case letters, digits and hyphens inside, at most 40)"
        ),
    }
)
