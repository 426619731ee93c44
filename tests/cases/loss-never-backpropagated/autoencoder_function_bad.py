"""An auto-encoder with a classifier on its code, in a function."""
import torch
from torch import nn


def train(encoder, decoder, classifier, batches, epochs):
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), *classifier.parameters()], lr=1e-2)  # expect: parameters-never-updated
    restore, classify = nn.MSELoss(), nn.CrossEntropyLoss()
    for epoch in range(epochs):
        for x, y in batches:
            code = encoder(x)
            restored = restore(decoder(code), x)
            classed = classify(classifier(code), y)  # expect: loss-never-backpropagated
            loss = restored
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"{epoch} {restored.item():.3f} {classed.item():.3f}")


torch.manual_seed(0)
train(nn.Linear(5, 2), nn.Linear(2, 5), nn.Linear(2, 2), [(torch.randn(4, 5), torch.randint(0, 2, (4,))) for _ in range(2)], 2)
