"""Text: a small GPT that writes Python a character at a time, from the standard library's source or a text of yours.

Reaches 1.65 nats a character or less on modules it never saw (how frequent each is alone gives 3.2), in under two minutes.
LEVEL = "words" reads words instead, in lines of their own length, padded to the longest of each batch and no longer.
Everything the loop needs to know about the problem stands here: data, model, loss, metrics, and a sample to read.
"""

import re
import sysconfig
from collections import Counter
from functools import cache, partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.text import Perplexity

from glassloop.errors import UserError
from glassloop.kit.data import InMemory
from glassloop.kit.texts import read_text

NAME = "text"
DATA = None  # a text file of yours; None takes MODULES
MODULES = "argparse calendar configparser csv difflib doctest heapq optparse pickle shutil statistics textwrap subprocess"
LEVEL = "characters"  # or "words"
CONTEXT = 128  # how many characters it can look back; for words, the longest line
WIDTH = 128  # numbers that stand for a place in the text
HEADS = 4
DEPTH = 2
BATCH_SIZE = 16
EPOCHS = 2
# Where they differ from the loop's own. One thread: on a network this small two are hardly faster, and where another
# program wants the cores they wait for each other.
DEFAULTS = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "lr": 4e-3, "weight_decay": 0.1, "threads": 1}
GOAL = ("val_loss", "min")  # what makes a checkpoint the best one
SPLIT = "the last tenth of the text for validation; no window or line lies in both parts"  # stands in run.json
SEEN = {}  # what make_data found; stands in run.json
UNKNOWN, PAD = 0, -100  # a token that the training part has not; a target that counts for nothing (torch's own number)


def read() -> str:
    """The whole text."""
    if DATA is not None:
        return read_text(Path(DATA))
    home = Path(sysconfig.get_paths()["stdlib"])
    return "\n\n".join(read_text(home / f"{name}.py") for name in MODULES.split())


def cut(text: str) -> list[str]:
    """The text's tokens; joined again, they are the text."""
    return list(text) if LEVEL == "characters" else re.findall(r"\w+|\n| +|[^\w\s]|\s", text)


@cache  # the data and the model both ask for it
def parts() -> tuple[list[str], torch.Tensor, torch.Tensor]:
    """The vocabulary, and the numbers of the tokens to train on and of those to validate on."""
    tokens = cut(read())
    border = len(tokens) * 9 // 10
    if LEVEL == "words" and "\n" in tokens[border:]:
        border = tokens.index("\n", border) + 1  # between two lines
    if len(tokens) - border < 2 * CONTEXT:
        least = 20 * (CONTEXT + 1)
        raise UserError(f"{DATA or 'the text'} has {len(tokens)} {LEVEL}; give at least {least}, a tenth is for validation")
    often = Counter(tokens[:border]).most_common(4095)  # of the training part alone: a new word must be met as unknown
    vocabulary = ["\ufffd", *(token for token, times in often if times > 1)]
    number = {token: place for place, token in enumerate(vocabulary)}
    numbers = torch.tensor([number.get(token, UNKNOWN) for token in tokens])
    SEEN.update(data=str(DATA or f"Python's own {MODULES}"), level=LEVEL, vocabulary=len(vocabulary))
    SEEN.update(train_tokens=border, validation_tokens=len(tokens) - border)
    return vocabulary, numbers[:border], numbers[border:]


def make_data() -> tuple[InMemory, InMemory]:
    """Training and validation set. A sample is a window of CONTEXT characters, or a line of words."""
    _, train, val = parts()
    if LEVEL == "words":
        return tuple(InMemory(*lines(part), augment=trim) for part in (train, val))
    starts = [torch.arange(0, len(part) - CONTEXT, CONTEXT) for part in (train, val)]
    # An address, not the text, is the sample: the window itself is read where the batch is put together.
    return tuple(
        InMemory(start, augment=partial(window, part, shift=part is train))
        for start, part in zip(starts, (train, val), strict=True)
    )


def window(text: torch.Tensor, batch, draw, shift: bool):
    """(B,) places -> characters (B, CONTEXT) and, for each, the one that follows it (B, CONTEXT).

    With `shift`, each window begins up to CONTEXT characters further on: another cut of the text in each epoch.
    """
    (starts,) = batch
    if shift:
        starts = (starts + (draw(1)[:, 0] * CONTEXT).long()).clamp(max=len(text) - CONTEXT - 1)
    tokens = text[starts[:, None] + torch.arange(CONTEXT + 1)]
    return tokens[:, :-1], tokens[:, 1:]


def lines(text: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A line's words (N, longest), and for each the one that follows it (N, longest); PAD behind a line's end.

    A line of more than CONTEXT words is cut. Memory holds all as long as the longest; a batch does not (see `trim`).
    """
    newline = parts()[0].index("\n")
    ends = (text == newline).nonzero()[:, 0] + 1
    found = [line[: CONTEXT + 1] for line in text.tensor_split(ends) if len(line) > 2]
    tokens = nn.utils.rnn.pad_sequence(found, batch_first=True, padding_value=PAD)
    return tokens[:, :-1].clamp(min=0), tokens[:, 1:]  # as an input, padding is any token: no loss comes from there


def trim(batch, draw):
    """Cut a batch to its own longest line. Padded to the longest of all lines, most of the work would be on padding."""
    tokens, targets = batch
    longest = int((targets != PAD).sum(1).max())
    return tokens[:, :longest], targets[:, :longest]


class Block(nn.Module):
    """Attention to what came before, then a layer for each place: (B, T, WIDTH) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_attention, self.norm_layer = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.join = nn.Linear(WIDTH, WIDTH, bias=False)
        self.layer = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        batch, time, _ = x.shape
        heads = self.query_key_value(self.norm_attention(x)).view(batch, time, 3, HEADS, -1).transpose(1, 3)
        query, key, value = heads.unbind(2)  # each (B, HEADS, T, WIDTH / HEADS)
        # is_causal: a place sees itself and what is before it. Without it, it would see the very token it has to guess.
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.join(seen.transpose(1, 2).reshape(batch, time, WIDTH))
        return x + self.layer(self.norm_layer(x))


class TextNet(nn.Module):
    """(B, T) tokens -> (B, T, vocabulary) logits of the token that follows each; T at most CONTEXT."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, vocabulary)
        for embedding in (self.token, self.place):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, tokens):
        x = self.token(tokens) + self.place.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))  # logits: cross-entropy wants no softmax


def make_model() -> nn.Module:
    """A fresh network; its weights come from torch's global generator, so from the seed."""
    return TextNet(len(parts()[0]))


def loss(model, batch):
    """Mean cross-entropy of a token, in nats, padding left out; and the logits for the metrics."""
    tokens, targets = batch
    logits = model(tokens)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD), logits


def count(batch) -> int:
    """Over how many items `loss` is a mean: tokens that are no padding, so a batch of long lines weighs more."""
    return int((batch[1] != PAD).sum())


def make_metrics() -> MetricCollection:
    """What is measured on the validation set besides the loss; exact over the set, not a mean of batch means."""
    accuracy = MulticlassAccuracy(len(parts()[0]), average="micro", ignore_index=PAD, validate_args=False)
    return MetricCollection({"accuracy": accuracy, "perplexity": Perplexity(ignore_index=PAD)})


def measure(metrics, logits, batch) -> None:
    """Add a batch to the metrics."""
    metrics["accuracy"].update(logits.flatten(0, 1), batch[1].flatten())
    metrics["perplexity"].update(logits, batch[1])


def after_epoch(model, epoch: int, folder: Path) -> None:
    """Nothing to draw while it trains."""


def after_training(model, folder: Path) -> None:
    """Write sample.txt, 500 tokens that the model makes up, and print its first lines."""
    text = write(model, "\ndef " if DATA is None else "\n", 500)
    (folder / "sample.txt").write_text(text, encoding="utf-8")
    print("a sample (all of it in sample.txt):\n" + "\n".join(f"    {line}" for line in text.splitlines()[:12]))


@torch.inference_mode()
def write(model, beginning: str, length: int) -> str:
    """`beginning` and `length` tokens more, each drawn from what the model gives it, a little sharpened."""
    vocabulary = parts()[0]
    number = {token: place for place, token in enumerate(vocabulary)}
    device = next(model.parameters()).device
    tokens = torch.tensor([[number.get(token, UNKNOWN) for token in cut(beginning)]], device=device)
    generator = torch.Generator(device).manual_seed(0)  # its own: a sample must not move the run's generators
    model.eval()
    for _ in range(length):
        shares = (model(tokens[:, -CONTEXT:])[:, -1] / 0.8).softmax(1)
        tokens = torch.cat((tokens, torch.multinomial(shares, 1, generator=generator)), 1)
    return "".join(vocabulary[token] for token in tokens[0].tolist())
