"""The Transformers Trainer on a model that gives its loss."""
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainingArguments



class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2))

    def forward(self, x):
        return self.body(x)


class MyTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        scores = model(inputs["x"]).softmax(-1)
        loss = nn.functional.cross_entropy(scores, inputs["labels"])  # expect: softmax-before-cross-entropy
        return (loss, {"logits": scores}) if return_outputs else loss


torch.manual_seed(0)
rows = [{"x": torch.randn(3), "labels": torch.tensor(i % 2)} for i in range(16)]
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder, num_train_epochs=3, per_device_train_batch_size=4, report_to=[], save_strategy="no",
        disable_tqdm=True, use_cpu=True, logging_strategy="no", remove_unused_columns=False,
    )
    trainer = MyTrainer(Net(), arguments, train_dataset=rows)
    trainer.train()
print(trainer.state.global_step)
