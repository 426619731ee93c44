"""The language server, driven by a real client over its pipes, as an editor drives it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from glassloop.rules import all_rules

RULE = next(rule for rule in all_rules() if rule.name == "zero-grad-missing")


class Editor:
    """A client with one file open."""

    def __init__(self, path: Path) -> None:
        self.uri = path.as_uri()
        self.client = LanguageClient("editor", "1")
        self.told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.version = 1

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(params)

    async def open(self, text: str) -> list[types.Diagnostic]:
        await self.client.start_io(sys.executable, "-m", "glassloop", "server")
        capabilities = types.ClientCapabilities()
        await self.client.initialize_async(types.InitializeParams(capabilities, process_id=None, root_uri=None))
        self.client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(self.uri, "python", self.version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.diagnostics()

    async def type(self, text: str) -> list[types.Diagnostic]:
        self.version += 1
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        return await self.diagnostics()

    async def diagnostics(self) -> list[types.Diagnostic]:
        told = await asyncio.wait_for(self.told.get(), 30)
        assert told.uri == self.uri
        return list(told.diagnostics)

    async def actions(self, line: int, *only: str) -> list[types.CodeAction]:
        at = types.Range(types.Position(line, 0), types.Position(line, 0))
        context = types.CodeActionContext([], only=list(only) or None)
        document = types.TextDocumentIdentifier(self.uri)
        found = await self.client.text_document_code_action_async(types.CodeActionParams(document, at, context))
        return [action for action in found or [] if isinstance(action, types.CodeAction)]

    async def hover(self, line: int) -> str:
        document = types.TextDocumentIdentifier(self.uri)
        found = await self.client.text_document_hover_async(types.HoverParams(document, types.Position(line, 6)))
        return "" if found is None else found.contents.value

    async def close(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


def with_editor(path: Path, story: Callable[[Editor], Awaitable[None]]) -> None:
    async def go() -> None:
        editor = Editor(path)
        try:
            await story(editor)
        finally:
            await editor.close()

    asyncio.run(asyncio.wait_for(go(), 120))


def made(text: str, action: types.CodeAction, uri: str) -> str:
    """The text with an action's edits, as an editor makes them."""
    assert action.edit is not None
    lines = text.splitlines(keepends=True)
    for edit in sorted(action.edit.changes[uri], key=lambda e: -e.range.start.line):
        lines[edit.range.start.line : edit.range.end.line] = [edit.new_text]
    return "".join(lines)


def test_findings_fixes_and_hover_while_one_types(tmp_path: Path):
    async def story(editor: Editor) -> None:
        (found,) = await editor.open(RULE.bad)  # the file does not exist on the disk
        assert (found.code, found.severity, found.range.start.line) == (RULE.name, types.DiagnosticSeverity.Error, 10)
        assert found.range.end.character == len("    optimizer.step()")
        assert found.related_information[0].location.range.start.line == 9
        fix, aside = await editor.actions(10)
        assert fix.is_preferred
        assert await editor.actions(3) == []
        (fix_all,) = await editor.actions(0, "source.fixAll")
        assert made(RULE.bad, fix, editor.uri) == made(RULE.bad, fix_all, editor.uri)
        hover = await editor.hover(9)
        assert "backward" in hover
        assert "zero-grad-missing" in hover or "If it moves" in hover
        assert await editor.hover(1) == ""
        assert await editor.type(made(RULE.bad, aside, editor.uri)) == []
        assert await editor.type(made(RULE.bad, fix, editor.uri)) == []
        assert len(await editor.type(RULE.bad)) == 1
        assert await editor.type("def half(:\n") == []
        assert len(await editor.type(RULE.bad)) == 1

    with_editor(tmp_path / "train.py", story)


def test_what_a_text_imports_is_read_with_it(tmp_path: Path):
    clear = "def clear(optimizer):\n    optimizer.zero_grad()\n"
    (tmp_path / "helpers.py").write_text(clear, encoding="utf-8")
    loop = RULE.bad.replace("    loss.backward()", "    clear(optimizer)\n    loss.backward()")
    text = f"from helpers import clear\n{loop}"

    async def story(editor: Editor) -> None:
        assert await editor.open(text) == []
        (tmp_path / "helpers.py").write_text(clear.replace("optimizer.zero_grad()", "pass"), encoding="utf-8")
        assert len(await editor.type(text + "\n")) == 1

    with_editor(tmp_path / "train.py", story)
