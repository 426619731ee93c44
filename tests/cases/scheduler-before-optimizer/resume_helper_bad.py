"""A helper positions the schedule before training starts."""
import torch
from torch import nn


def make_schedule(optimizer, start_epoch):
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.1)
    schedule.step()  # expect: scheduler-before-optimizer
    return schedule


def main(epochs=2, start_epoch=0):
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = make_schedule(optimizer, start_epoch)
    batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
    for epoch in range(start_epoch, epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        schedule.step()
        print(epoch, loss.item(), schedule.get_last_lr())


main()
