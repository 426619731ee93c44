"""train_epoch with the scaler passed in and the calls spread over lines."""
import torch
from torch import nn


def train_epoch(model, batches, opt, scaler, max_norm):
    model.train()
    for inputs, target in batches:
        opt.zero_grad(set_to_none=True)
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            prediction = model(inputs)
            loss = (prediction - target).abs().mean()
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(  # expect: clip-before-unscale
            model.parameters(),
            max_norm,
        )
        scaler.unscale_(opt)
        scaler.step(opt)
        scaler.update()
    return loss.item()


def main():
    torch.manual_seed(0)
    batches = [(torch.randn(4, 3), torch.randn(4, 2)) for _ in range(2)]
    model = nn.Linear(3, 2)
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu")
    for epoch in range(2):
        print(epoch, train_epoch(model, batches, opt, scaler, max_norm=0.1))


main()
