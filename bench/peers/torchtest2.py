"""torchtest2: checks on one batch before the training (README, "Quick start")."""

from peers.tool import Tool

TOOL = Tool(
    name="torchtest2",
    install=("torchtest2==0.1.0",),
    modules=("torchtest2",),
    before="""\
import torchtest2
report = torchtest2.check_model(model, x, y, loss_fn=loss_fn, optimizer=optimizer)
print(report)
""",
    said="""\
said = {c.name: c.message for c in (*report.failures, *report.warnings)}
""",
)
