"""The lab: the right loop and the loop with one mistake, run side by side, and what the tensors did in both.

Nothing here loads torch: the runs have processes of their own (`pool`), and what they load is named, not imported.
"""
