"""Transformers: a tiny GPT-2 with tied weights and gradient checkpointing, and a loop by hand."""
import tempfile
import torch
from torch.utils.data import DataLoader
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, get_linear_schedule_with_warmup, set_seed, default_data_collator

set_seed(0)
rows = [{"input_ids": (t := torch.randint(0, 40, (16,))), "labels": t} for i in range(32)]
config = GPT2Config(vocab_size=40, n_positions=16, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0, use_cache=False)
model = GPT2LMHeadModel(config)
with tempfile.TemporaryDirectory() as folder:
    args = TrainingArguments(output_dir=folder, max_steps=12, per_device_train_batch_size=4, gradient_checkpointing=True,
        report_to=[], use_cpu=True, save_strategy="no", disable_tqdm=True, logging_steps=4)
    Trainer(model, args, train_dataset=rows, data_collator=default_data_collator).train()

model = GPT2LMHeadModel(config)
model.gradient_checkpointing_enable()
loader = DataLoader(rows, batch_size=4, shuffle=True, collate_fn=default_data_collator)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
sched = get_linear_schedule_with_warmup(opt, 3, 2 * len(loader))
model.train()
for epoch in range(2):
    for batch in loader:
        out = model(**batch)
        out.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        sched.step()
        opt.zero_grad()
model.eval()
print(model.generate(torch.tensor([[1, 2]]), max_new_tokens=3, do_sample=False, attention_mask=torch.ones(1, 2)))
