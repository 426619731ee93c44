"""Two stages: an autoencoder's halves, then a classifier on its codes with its own optimizer."""
import torch
from torch import nn

torch.manual_seed(0)
encoder, classifier = nn.Linear(6, 3), nn.Linear(3, 2)
decoder = nn.Linear(3, 6)
ae_opt = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
clf_opt = torch.optim.Adam(classifier.parameters(), lr=1e-2)
batches = [(torch.randn(4, 6), torch.randint(0, 2, (4,))) for _ in range(2)]

for epoch in range(2):
    for x, _ in batches:
        ae_opt.zero_grad()
        loss = nn.functional.mse_loss(decoder(encoder(x)), x)
        loss.backward()
        ae_opt.step()
for epoch in range(2):
    for x, y in batches:
        clf_opt.zero_grad()
        with torch.no_grad():
            code = encoder(x)
        logits = classifier(code)
        clf_loss = nn.functional.cross_entropy(logits, y)
        clf_opt.step()  # expect: backward-missing
    print(epoch, loss.item(), clf_loss.item())
