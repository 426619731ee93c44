"""A Transformers model: everything is frozen, then one part of it is asked for by a method and thawed."""
import torch
from transformers import BertConfig, BertForSequenceClassification

torch.manual_seed(0)
config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
model = BertForSequenceClassification(config)
for param in model.parameters():
    param.requires_grad = False
for param in model.get_input_embeddings().parameters():
    param.requires_grad = True
optimizer = torch.optim.Adam(params=model.parameters(), lr=1e-3)
for epoch in range(2):
    model.train()
    for ids, labels in [(torch.randint(0, 20, (4, 6)), torch.tensor([0, 1, 0, 1])) for _ in range(2)]:
        outputs = model(ids)
        loss = torch.nn.functional.cross_entropy(outputs.logits, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(epoch, loss.item())
