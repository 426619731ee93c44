"""torcheck: checks after each optimizer step (README, "Torcheck in 5 minutes")."""

from peers.tool import Tool

TOOL = Tool(
    name="torcheck",
    install=("torcheck==1.0.1",),
    modules=("torcheck",),
    no_deps="it asks for torch < 2",
    before="""\
import torcheck
torcheck.register(optimizer)
torcheck.add_module(model, module_name="model", changing=True, check_nan=True, check_inf=True)
torcheck.add_module_output_range_check(model, output_range=(0, 1), negate_range=True, module_name="model")
""",
    unlike="it raises at the first error: what comes later it does not see",
)
