"""Everything the loop needs travels in one dict of tools."""
import torch
from torch import nn


def make_tools(width):
    net = nn.Sequential(nn.Linear(width, 4), nn.ReLU6(), nn.Linear(4, 2))
    return {
        "net": net,
        "opt": torch.optim.SGD(net.parameters(), lr=1e-2),
        "scaler": torch.amp.GradScaler(device="cpu"),
        "clip": lambda bound: nn.utils.clip_grad_norm_(net.parameters(), bound),  # expect: clip-before-unscale
    }


def iterate(tools, x, y):
    with torch.autocast("cpu", torch.bfloat16):
        loss = nn.functional.cross_entropy(tools["net"](x), y)
    tools["opt"].zero_grad()
    tools["scaler"].scale(loss).backward()
    tools["clip"](0.5)
    tools["scaler"].step(tools["opt"])
    tools["scaler"].update()
    return loss.item()


torch.manual_seed(0)
tools = make_tools(3)
for epoch in range(2):
    print(epoch, [iterate(tools, torch.randn(4, 3), torch.randint(0, 2, (4,))) for _ in range(2)])
