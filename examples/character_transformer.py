"""Teach a small transformer to write like Jane Austen, letter by letter.

It reads sixteen chapters of Pride and Prejudice, learns which character comes next, and then writes
by drawing one after the other. Run it with `python examples/character_transformer.py`; `--help`
lists the options.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import nn, optim, random

DATA = Path(__file__).parent / "data" / "pride_and_prejudice.txt"
CONTEXT, SIZE, HEADS, DEPTH, BATCH = 64, 64, 4, 3, 24


@dataclass(frozen=True)
class Block(nn.Layer):
    """Add to each vector what the attention says, and then what a small network says."""

    norm1: nn.LayerNorm
    attention: nn.MultiHeadAttention
    norm2: nn.LayerNorm
    mlp: nn.Sequential

    def attend(self, params, x, **options):
        """Let each character look at itself and those before it."""
        x = self.norm1(params["norm1"], x)
        return self.attention(params["attention"], x, is_causal=True, **options)

    def __call__(self, params, x):
        x = x + self.attend(params, x)
        return x + self.mlp(params["mlp"], self.norm2(params["norm2"], x))


@dataclass(frozen=True)
class Transformer(nn.Layer):
    """Map characters (batch, n) to scores of what comes after each of them."""

    embedding: nn.Embedding
    position: nn.Embedding
    blocks: tuple[Block, ...]
    norm: nn.LayerNorm

    def embed(self, params, text):
        """Return the sum of a vector for each character and one for its place."""
        places = fnp.arange(text.shape[-1])
        return self.embedding(params["embedding"], text) + self.position(params["position"], places)

    def __call__(self, params, text):
        x = self.embed(params, text)
        for block, own in zip(self.blocks, params["blocks"].values()):
            x = block(own, x)
        return self.norm(params["norm"], x) @ params["embedding"]["weight"].T


def build(letters):
    """Return a model for so many letters; its parameters are another matter."""
    attention = nn.MultiHeadAttention(SIZE, HEADS, batch_first=True)
    mlp = nn.Sequential(nn.Linear(SIZE, 4 * SIZE), nn.gelu, nn.Linear(4 * SIZE, SIZE))
    block = Block(nn.LayerNorm(SIZE), attention, nn.LayerNorm(SIZE), mlp)
    small = nn.initializers.normal(0.02)
    return Transformer(
        nn.Embedding(letters, SIZE, weight_init=small),
        nn.Embedding(CONTEXT, SIZE, weight_init=small),
        (block,) * DEPTH,
        nn.LayerNorm(SIZE),
    )


def loss(params, model, text):
    """Return the mean of -log p(character | those before it)."""
    scores = model(params, text[:, :-1])
    return fnp.mean(nn.softmax_cross_entropy_with_integer_labels(scores, text[:, 1:]))


def train(key, model, params, text, held_out, steps):
    """Return trained parameters, the loss of each step, and now and then that on held-out text."""
    schedule = optim.warmup_cosine_decay_schedule(0.0, 4e-3, steps // 20, steps)
    optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adamw(schedule))
    state, losses, checks = optimizer.init(params), [], []
    for i in (bar := trange(steps, unit="step")):
        batch = pieces(text, random.randint(random.fold_in(key, i), BATCH, 0, len(text) - CONTEXT))
        value, grads = fg.value_and_grad(loss)(params, model, batch)
        updates, state = optimizer.update(grads, state, params)
        params = optim.apply_updates(params, updates)
        losses.append(float(value))
        if (i + 1) % (steps // 10) == 0:
            check = float(loss(params, model, pieces(held_out, range(0, 64 * CONTEXT, CONTEXT))))
            checks.append((i, check))
            bar.write(f"step {i + 1:5d}   loss {np.mean(losses[-100:]):.3f}   held out {check:.3f}")
    return params, losses, checks


def write(key, model, params, text, length, temperature=0.7):
    """Return a text and so many characters more, each drawn from the model's probabilities."""
    for each in random.split(key, length):
        scores = model(params, text[None, -CONTEXT:])[0, -1]
        text = np.append(text, random.categorical(each, scores / temperature))
    return text


# What follows needs no derivatives: plain NumPy for the text, a picture, a command line.


def encode(text, letters):
    """Return the number of each character."""
    return np.array([letters.index(each) for each in text])


def pieces(text, starts):
    """Return the pieces of the text that start there, one character longer than the context."""
    return text[np.asarray(starts)[:, None] + np.arange(CONTEXT + 1)]


def draw(model, params, line, codes, losses, checks, picture):
    """Save a picture of the losses, and of where the heads of the last block look."""
    figure = Figure(figsize=(13, 6.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.3])
    axes = left.subplots()
    axes.plot(losses, lw=0.6, alpha=0.6, label="each step")
    axes.plot(*np.transpose(checks), "o-", color="tab:red", label="held-out text")
    axes.set(xlabel="step", ylabel="loss in nats per character")
    axes.set_title("Learning to spell")
    axes.legend()
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)

    x = model.embed(params, codes[None])
    for block, own in zip(model.blocks, params["blocks"].values()):
        _, weights = block.attend(own, x, need_weights=True, average_attn_weights=False)
        x = block(own, x)
    right.suptitle("Where the heads of the last block look: rows look at columns", fontsize=12)
    for axes, head in zip(right.subplots(2, 2).flat, np.asarray(weights[0])):
        axes.imshow(head, cmap="Blues", vmin=0, vmax=1)
        for set_ticks, alignment in ((axes.set_xticks, "baseline"), (axes.set_yticks, "center")):
            set_ticks(range(len(line)), line, fontsize=7, family="monospace", va=alignment)
        axes.tick_params(length=0)
        axes.tick_params("x", pad=8)
    figure.savefig(picture, dpi=80)


def main():
    """Train, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="fixes all random numbers")
    parser.add_argument("--quick", action="store_true", help="20 steps instead of 2000")
    parser.add_argument("--picture", default="character_transformer.png", help="to write")
    options = parser.parse_args()

    text = DATA.read_text().split("\n\n", 1)[1]  # without its header
    letters = sorted(set(text))
    codes = encode(text, letters)
    split = 9 * len(codes) // 10
    init, order, draws = random.split(random.key(options.seed), 3)
    model = build(len(letters))
    params = model.init(init)
    steps = 20 if options.quick else 2000
    params, losses, checks = train(order, model, params, codes[:split], codes[split:], steps)
    written = write(
        draws, model, params, encode("Elizabeth", letters), 40 if options.quick else 600
    )
    print("".join(letters[each] for each in written))
    line = "Mrs. Bennet was quite disconcerted."
    draw(model, params, line, encode(line, letters), losses, checks, options.picture)
    print(f"The held-out loss is {checks[-1][1]:.3f} nats per character; see {options.picture}.")


if __name__ == "__main__":
    main()
