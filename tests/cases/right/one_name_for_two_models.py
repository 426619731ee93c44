"""The same name stands for one model after another; each has its optimizer, and both go on."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 4)
encoder, encoder_opt = net, torch.optim.SGD(net.parameters(), lr=0.1)
net = nn.Linear(4, 3)
decoder, decoder_opt = net, torch.optim.SGD(net.parameters(), lr=0.1)
net = nn.Linear(3, 3)
net.requires_grad_(False)
best = copy.deepcopy(encoder)
for step in range(4):
    x = torch.randn(4, 3)
    loss = (decoder(torch.relu(encoder(x))) - net(x)).pow(2).mean()
    encoder_opt.zero_grad()
    decoder_opt.zero_grad()
    loss.backward()
    encoder_opt.step()
    decoder_opt.step()
    best = copy.deepcopy(encoder)
