"""The language server: diagnostics as one types, quick fixes that were tried, and what a line does under the pointer.

Stands on pygls (https://pygls.readthedocs.io); talks over stdin and stdout, so it opens no port.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

import glassloop
from glassloop.editor.document import Change, Document
from glassloop.editor.hover import page
from glassloop.findings import Finding, Severity, Where

PAUSE = 0.25  # seconds without a key before a text is read again
RULES = "https://github.com/glassloop/glassloop/blob/main/docs/rules/"
SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
FIX_ALL = "source.fixAll.glassloop"


class Server(LanguageServer):
    """The server, and what it knows of each open text."""

    def __init__(self) -> None:
        super().__init__("glassloop", glassloop.__version__)
        self.documents: dict[str, Document] = {}
        self.findings: dict[str, list[Finding]] = {}
        self.waiting: dict[str, asyncio.Task[None]] = {}

    def changed(self, uri: str, pause: float) -> None:
        """A text is new or was changed: read it when the typing pauses."""
        if uri in self.waiting:
            self.waiting[uri].cancel()
        self.waiting[uri] = asyncio.create_task(self._check(uri, pause))

    async def _check(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        text = self.workspace.get_text_document(uri)
        document = Document(to_fs_path(uri) or "untitled.py", text.source)
        try:
            findings = await asyncio.to_thread(document.check)
        except Exception as error:  # a fault of ours is told, and the text stays without findings
            message = f"{document.path} could not be checked: {type(error).__name__}: {error}"
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))
            findings = []
        current = self.workspace.get_text_document(uri)
        if current.version != text.version:
            return  # typed on since: the newer text has its own task
        self.documents[uri], self.findings[uri] = document, findings
        diagnostics = [self.diagnostic(uri, finding) for finding in findings]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, text.version))

    def closed(self, uri: str) -> None:
        """A text was closed: its findings go."""
        if uri in self.waiting:
            self.waiting.pop(uri).cancel()
        self.documents.pop(uri, None)
        self.findings.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def diagnostic(self, uri: str, finding: Finding) -> types.Diagnostic:
        """A finding in the protocol's words."""
        related = [
            types.DiagnosticRelatedInformation(types.Location(self._uri(where, uri), self._range(uri, where)), words)
            for where, words in finding.related
            if words
        ]
        return types.Diagnostic(
            range=self._range(uri, finding.where),
            message=f"{finding.message}\n{finding.fix}",
            severity=SEVERITIES[finding.severity],
            code=finding.rule,
            code_description=types.CodeDescription(f"{RULES}{finding.rule}.md"),
            source="glassloop",
            related_information=related,
            tags=[types.DiagnosticTag.Unnecessary] if finding.rule == "unused-suppression" else None,
        )

    def _uri(self, where: Where, uri: str) -> str:
        same = self.documents.get(uri)
        return uri if same is not None and where.path == same.path else from_fs_path(str(Path(where.path).absolute())) or uri

    def _range(self, uri: str, where: Where) -> types.Range:
        """From where it begins to the end of that line, in the client's units."""
        text = self.workspace.get_text_document(uri)
        lines = text.lines
        line = where.line - 1
        content = lines[line].rstrip("\r\n") if line < len(lines) else ""
        column = len(content.encode()[: where.column - 1].decode(errors="replace"))
        code = content.split("  #")[0].rstrip() if "  #" in content else content.rstrip()
        start = text.position_codec.client_num_units(content[:column])
        end = text.position_codec.client_num_units(content[: max(len(code), column)])
        return types.Range(types.Position(line, start), types.Position(line, end))


def make_server() -> Server:
    """A server with its features, not yet listening."""
    server = Server()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.changed(params.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri, PAUSE)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        for uri in server.documents:  # another text may import this one
            server.changed(uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.documents.get(params.text_document.uri)
        notes = () if document is None else document.notes.get(params.position.line + 1, ())
        text = page(notes)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    kinds = [types.CodeActionKind.QuickFix, FIX_ALL]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await asyncio.to_thread(_actions, server, params)

    return server


def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    text = server.workspace.get_text_document(uri)
    document = server.documents.get(uri)
    if document is None or document.source != text.source:
        return []  # findings of an older text must not edit this one
    found: list[types.CodeAction] = []
    wanted = params.context.only
    if wanted is None or any(types.CodeActionKind.QuickFix.value.startswith(str(_value(kind))) for kind in wanted):
        for finding in server.findings.get(uri, ()):
            diagnostic = server.diagnostic(uri, finding)
            if params.range.start.line <= diagnostic.range.start.line <= params.range.end.line:
                found.extend(_quick_fixes(uri, document, finding, diagnostic))
    if wanted is not None and any(FIX_ALL.startswith(str(_value(kind))) for kind in wanted):
        changes = document.fix_all()
        if changes:
            title = "glassloop: mend all that can be mended"
            found.append(types.CodeAction(title, kind=FIX_ALL, edit=_edit(uri, changes)))
    return found


def _value(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _quick_fixes(
    uri: str, document: Document, finding: Finding, diagnostic: types.Diagnostic
) -> list[types.CodeAction]:
    make: Callable[[str, list[Change], bool], types.CodeAction] = lambda title, changes, best: types.CodeAction(  # noqa: E731
        title, types.CodeActionKind.QuickFix, [diagnostic], is_preferred=best, edit=_edit(uri, changes)
    )
    changes = document.fixes(finding)
    fix = [make(f"glassloop: {finding.fix}", changes, True)] if changes else []
    return [*fix, make(f"glassloop: set {finding.rule} aside on this line", [document.ignore(finding)], False)]


def _edit(uri: str, changes: list[Change]) -> types.WorkspaceEdit:
    edits = [
        types.TextEdit(types.Range(types.Position(c.first, 0), types.Position(c.end, 0)), c.text) for c in changes
    ]
    return types.WorkspaceEdit(changes={uri: edits})
