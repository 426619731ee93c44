"""Two views of one collection: changed for training, plain for validation."""
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset


class Pictures(Dataset):
    def __init__(self, images, labels, augment):
        self.images, self.labels, self.augment = images, labels, augment

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        if self.augment and torch.rand(()) < 0.5:
            image = image.flip(-1)
        return image + 0.05 * torch.randn_like(image) * self.augment, self.labels[index]


def split(n, seed):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).tolist()
    return order[: n // 4], order[n // 4 :]


def main():
    torch.manual_seed(0)
    images, labels = torch.rand(48, 1, 6, 6), torch.arange(48) % 3
    train_indices = split(48, seed=5)[1]
    val_indices = split(48, seed=5)[0]
    train = DataLoader(Subset(Pictures(images, labels, True), train_indices), batch_size=12, shuffle=True)
    val = DataLoader(Subset(Pictures(images, labels, False), val_indices), batch_size=12)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for epoch in range(2):
        model.train()
        for x, y in train:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum((model(x).argmax(1) == y).sum().item() for x, y in val)
        print(epoch, right / len(val_indices))


if __name__ == "__main__":
    main()
