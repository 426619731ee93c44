"""guardtower: one step before the training, and a watch for NaN during it (README, "Or call it directly")."""

from peers.tool import Tool

TOOL = Tool(
    name="guardtower",
    install=("guardtower==0.1.0",),
    modules=("guardtower",),
    before="""\
import guardtower
report = guardtower.audit(model, lambda: loss_fn(model(x), y), optimizer=optimizer, inputs=x)
print(report)
""",
    around='with guardtower.monitor(model, on_nonfinite="raise"):\n',
    said="""\
said = {f.check: f.message for f in (*report.errors, *report.warnings)}
""",
    unlike="a report is printed and not raised, so that the training goes on to the monitor",
)
