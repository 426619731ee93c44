"""Save and resume functions in a flat program."""
import os
import tempfile

import torch
from torch import nn

PATH = os.path.join(tempfile.gettempdir(), "glassloop_case_resume.pt")


def save(epoch, model, optimizer, scheduler):
    torch.save({"epoch": epoch, "model": model.state_dict()}, PATH)  # expect: checkpoint-incomplete


def resume(model, optimizer, scheduler):
    if not os.path.exists(PATH):
        return 0
    state = torch.load(PATH, weights_only=True)
    model.load_state_dict(state["model"])
    return state["epoch"] + 1


def main():
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
    first = resume(model, optimizer, scheduler)
    for epoch in range(first, 2):
        for _ in range(2):
            x, y = torch.randn(4, 3), torch.randn(4, 1)
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        scheduler.step()
        save(epoch, model, optimizer, scheduler)
    os.remove(PATH) if os.path.exists(PATH) else None


main()
