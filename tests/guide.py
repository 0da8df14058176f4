"""Reads a guide in Markdown as chapters of snippets, and runs the snippets as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

_CHAPTER = re.compile(r"^## (.+)$")
_FENCE = re.compile(r"^```(\w*) *(?:title=(\S+))?$")
#: What a snippet of these languages shows is what the Python before it has printed.
_PRINTED = frozenset({"text", "mermaid"})
#: In what a console shows this stands for anything, such as a path.
_ANYTHING = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A block of code in a document."""

    language: str
    #: The file that the reader saves it in, if it says one.
    file: str | None
    #: Number of the document's line before its first one.
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading with the snippets under it."""

    title: str
    snippets: list[Snippet] = field(default_factory=list)


def read_chapters(document: Path) -> list[Chapter]:
    """Return the chapters of a document, each with its snippets."""
    chapters = [Chapter("")]
    lines = iter(enumerate(document.read_text().splitlines(), 1))
    for number, line in lines:
        if heading := _CHAPTER.match(line):
            chapters.append(Chapter(heading[1]))
        elif fence := _FENCE.match(line):
            text = "".join(f"{each}\n" for each in _until_closed(lines))
            snippet = Snippet(language=fence[1], file=fence[2], line=number, text=text)
            chapters[-1].snippets.append(snippet)
        elif line.lstrip().startswith("```"):
            raise ValueError(f"{document.name}:{number}: {line!r} begins no snippet")
    return chapters


def _until_closed(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line == "```":
            return
        yield line


@dataclass(slots=True)
class Reader:
    """Somebody who types snippets in, one after the other, in a folder of their own."""

    document: Path
    folder: Path
    #: What the snippets have defined.
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    _printed: str = ""

    def follow(self, snippet: Snippet) -> None:
        """Do what a snippet is for; what it prints has to be shown by the next one.

        Raises:
            AssertionError: An assertion of the snippet fails, or what it shows was not printed.
        """
        if snippet.language in _PRINTED:
            shown, self._printed = self._printed, ""
            place = f"{self.document.name}:{snippet.line}"
            assert (place, shown) == (place, snippet.text)
            return
        self.finish()
        if snippet.language == "console":
            self._type(snippet)
        elif snippet.file is not None:
            (self.folder / snippet.file).write_text(snippet.text)
            # Files of other tests may have had the same name.
            sys.modules.pop(Path(snippet.file).stem, None)
        elif snippet.language == "python":
            self._run(snippet)
        else:
            where = f"{self.document.name}:{snippet.line}"
            raise ValueError(f"{where}: nobody runs {snippet.language!r}; say which file it is")

    def finish(self) -> None:
        """Stop reading; nothing may have been printed that the document does not show."""
        assert self._printed == ""

    def _run(self, snippet: Snippet) -> None:
        # As many empty lines as are before it, so that a traceback names the document's line.
        source = "\n" * snippet.line + snippet.text
        printed = StringIO()
        with redirect_stdout(printed), capture_logs():
            exec(compile(source, str(self.document), "exec", dont_inherit=True), self.names)  # noqa: S102 - that is what the snippets are for
        self._printed = printed.getvalue()

    def _type(self, snippet: Snippet) -> None:
        """Type the commands of a console, each behind a `$`, and compare what they say."""
        before, *typed = re.split(r"^\$ ", snippet.text, flags=re.MULTILINE)
        assert (before, bool(typed)) == ("", True)
        for each in typed:
            command, _, shown = each.partition("\n")
            done = subprocess.run(  # noqa: S602 - the document's own commands
                command,
                shell=True,
                check=False,
                cwd=self.folder,
                env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            pattern = ".*".join(re.escape(part) for part in shown.rstrip("\n").split(_ANYTHING))
            assert re.fullmatch(pattern, done.stdout.rstrip("\n")), f"it says:\n{done.stdout}"
