"""A setup function hands out what the loop needs."""
import torch
from torch import nn, optim


def setup(model):
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)  # expect: scheduler-never-stepped
    return optimizer, scheduler


def main():
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer, scheduler = setup(model)
    for epoch in range(2):
        for _ in range(2):
            x, y = torch.randn(4, 3), torch.randint(2, (4,))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        print(epoch, scheduler.get_last_lr())


if __name__ == "__main__":
    main()
