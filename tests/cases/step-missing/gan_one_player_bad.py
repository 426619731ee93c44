"""GAN in one function; both losses go backward, the updates follow each."""
import torch
from torch import nn

torch.manual_seed(0)
gen, dis = nn.Linear(3, 2), nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1))
gen_opt = torch.optim.Adam(gen.parameters(), lr=1e-3)
dis_opt = torch.optim.Adam(dis.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()


def play(real):
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    fake = gen(torch.randn(len(real), 3))
    dis_opt.zero_grad()
    dis_loss = bce(dis(real), ones) + bce(dis(fake.detach()), zeros)
    dis_loss.backward()  # expect: step-missing
    dis_opt.step
    gen_opt.zero_grad()
    gen_loss = bce(dis(fake), ones)
    gen_loss.backward()
    gen_opt.step()
    return dis_loss.item(), gen_loss.item()


for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        print(epoch, play(real))
