"""torch-audit: hooks on forward and on the optimizer's step (README, "Zero-touch mode")."""

from peers.tool import Tool

TOOL = Tool(
    name="torch-audit",
    install=("torch-audit==0.3.0",),
    modules=("torch_audit", "torch_audit.reporters.console"),
    before="""\
from torch_audit import autopatch
from torch_audit.reporters.console import ConsoleReporter
auditor = autopatch(
    model, optimizer=optimizer, every_n_steps=1, reporters=[ConsoleReporter()], run_static=True, run_init=True
)
""",
    after="""\
result = auditor.finish(report=True)
auditor.unpatch()
""",
    said="""\
said = {f.rule_id: f.message for f in result.findings if f.severity.value != "INFO"}
""",
    unlike="every_n_steps=1 rather than the README's 1000: the runs are short",
)
