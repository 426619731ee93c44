"""Two optimizers share one accumulation guard; each is cleared on its own line."""
import torch
from torch import nn

torch.manual_seed(0)
image_net, text_net = nn.Linear(5, 3), nn.Linear(4, 3)
image_opt = torch.optim.SGD(image_net.parameters(), lr=0.1)
text_opt = torch.optim.SGD(text_net.parameters(), lr=0.1)
pairs = [(torch.randn(3, 5), torch.randn(3, 4)) for _ in range(4)]
every = 2

for epoch in range(2):
    for i, (img, txt) in enumerate(pairs):
        sim = image_net(img) @ text_net(txt).T
        loss = nn.functional.cross_entropy(sim, torch.arange(3)) / every
        text_opt.zero_grad()  # expect: zero-grad-breaks-accumulation
        loss.backward()
        if (i + 1) % every == 0:
            image_opt.step()
            text_opt.step()
            image_opt.zero_grad()
    print(epoch, loss.item() * every)
