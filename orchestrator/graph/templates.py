"""Titles and prompts written as text with Jinja's `{{ … }}`, rendered in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from orchestrator.errors import ConditionError
from orchestrator.graph.durations import format_duration
from orchestrator.graph.expressions import check_names
from orchestrator.graph.views import View

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_MARKS = ("{{", "{%", "{#")


class Template:
    """A text over a view, compiled and checked when it is made; without marks it is itself.

    Nothing is escaped: who shows the text escapes it for the place. Two templates with the same
    text are equal.
    """

    __slots__ = ("_compiled", "_names", "source")

    def __init__(self, source: str) -> None:
        """Compile the text.

        Raises:
            ConditionError: The text is no template, or uses a name that no view has.
        """
        self.source = source.strip()
        has_marks = any(mark in self.source for mark in _MARKS)
        self._names: tuple[str, ...] = ()
        self._compiled: Any = None
        if has_marks:
            self._compiled, self._names = _compile(self.source)

    def __call__(self, view: View) -> str:
        """Render the text.

        Raises:
            ConditionError: A part of it is missing or cannot be computed on this view.
        """
        if self._compiled is None:
            return self.source
        try:
            text: str = self._compiled.render({name: getattr(view, name) for name in self._names})
        except Exception as exc:
            # Values are the author's own and may raise anything when they are shown.
            raise ConditionError(
                f"template {self.source!r} cannot be rendered: {str(exc) or type(exc).__name__}; "
                "guard what may be missing with `default(…)`"
            ) from exc
        return text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Template):
            return NotImplemented
        return self.source == other.source

    def __hash__(self) -> int:
        return hash((Template, self.source))

    def __repr__(self) -> str:
        return f"Template({self.source!r})"


def _compile(source: str) -> tuple[Any, tuple[str, ...]]:
    from jinja2 import TemplateError, meta  # noqa: PLC0415 - slow to import, many need none

    environment = _environment()
    try:
        tree = environment.parse(source)
        names = meta.find_undeclared_variables(tree)
        others = list(meta.find_referenced_templates(tree))
        compiled = environment.from_string(source)
    except TemplateError as exc:
        raise ConditionError(
            f"template {source!r} is no valid template: {exc}; see "
            "https://jinja.palletsprojects.com/templates/"
        ) from exc
    check_names("template", source, names)
    if others:
        raise ConditionError(f"template {source!r} includes another; write the text in place")
    return compiled, tuple(sorted(names))


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined  # noqa: PLC0415 - slow to import, many need none
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - as above

    class Environment(ImmutableSandboxedEnvironment):
        """Reads keys of mappings before their methods, so that `state.items` is the key."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    # Autoescape would be HTML's; these texts are plain, and who shows them escapes them.
    environment = Environment(undefined=StrictUndefined, autoescape=False, finalize=_finish)
    environment.filters["duration"] = format_duration
    # A text must be the same whenever it is rendered.
    del environment.filters["random"], environment.globals["lipsum"]
    return environment


def _finish(value: Any) -> Any:
    return format_duration(value) if isinstance(value, timedelta) else value
