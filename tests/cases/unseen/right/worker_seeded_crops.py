"""Random crops whose generator is made anew in each worker and each epoch."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, get_worker_info


class Crops(Dataset):
    def __init__(self, signals, size):
        self.signals, self.size = signals, size
        self.rng = None

    def __len__(self):
        return len(self.signals)

    def __getitem__(self, i):
        if self.rng is None:
            info = get_worker_info()
            self.rng = np.random.default_rng(info.seed if info else torch.initial_seed())
        start = int(self.rng.integers(0, self.signals.shape[1] - self.size))
        return self.signals[i, start:start + self.size], torch.tensor(float(i % 2))


def main():
    torch.manual_seed(0)
    loader = DataLoader(Crops(torch.randn(8, 12), 6), batch_size=4, shuffle=True, num_workers=2)
    model = nn.Linear(6, 1)
    opt = torch.optim.Adam(model.parameters())
    for _ in range(2):
        for x, y in loader:
            opt.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y).backward()
            opt.step()


if __name__ == "__main__":
    main()
