"""while loop over an iterator, with clipping and a target step count."""
import itertools

import torch
from torch import nn

torch.manual_seed(0)
pool = [(torch.randn(4, 5), torch.randint(0, 3, (4,))) for _ in range(2)]
stream = itertools.cycle(pool)
clf = nn.Linear(5, 3)
adam = torch.optim.Adam(clf.parameters())
done, target = 0, 2
while done < target:
    x, y = next(stream)
    adam.zero_grad()
    nll = nn.functional.cross_entropy(clf(x), y)
    nll.backward()
    norm = nn.utils.clip_grad_norm_(clf.parameters(), 5.0)
    adam.step()
    done += 1
    print(done, nll.item(), norm.item())
