"""A loader with workers, pinning and persistence."""

from torch.utils.data import DataLoader

loader = DataLoader(train_set, batch_size=64, shuffle=True, num_workers=2, pin_memory=True, persistent_workers=True)
for inputs, targets in loader:
    pinned = inputs.is_pinned()
