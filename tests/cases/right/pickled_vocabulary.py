"""A vocabulary in a pickle, weights in a file of their own."""
import io
import pickle

import torch
from torch import nn

words, weights = io.BytesIO(), io.BytesIO()
pickle.dump({"a": 0, "b": 1}, words)
words.seek(0)
vocabulary = pickle.load(words)
model = nn.Embedding(len(vocabulary), 3)
torch.save(model.state_dict(), weights)
weights.seek(0)
model.load_state_dict(torch.load(weights, weights_only=True))
model.eval()
