"""Workers where a sample takes time to make, pinning where there is an accelerator to copy to."""

import torch
from torch.utils.data import DataLoader

workers = 0  # tensors in memory; more where samples are read or decoded
loader = DataLoader(
    train_set,
    batch_size=64,
    shuffle=True,
    num_workers=workers,
    pin_memory=torch.cuda.is_available(),
    persistent_workers=workers > 0,
)
for inputs, targets in loader:
    pinned = inputs.is_pinned()
