"""Teach a small network to read handwritten digits, with nothing but pure functions.

Run it with `python examples/train_digits.py`; `--help` lists the options. There is no model object,
no optimiser object and no hidden state: the parameters are a list of dicts of arrays, `loss` is a
function of them, `fg.value_and_grad(loss)` is another function, and training repeats a third,
`train_step`, which takes the old parameters and returns new ones.
"""

import argparse
import math
import os
import time
from itertools import pairwise
from pathlib import Path

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import fungrad as fg
import fungrad.numpy as fnp

DATA = Path(__file__).parent / "data" / "digits.npz"
HELD_OUT, BATCH = 360, 32


def init_params(rng, sizes=(64, 256, 128, 10)):
    """Draw a weight matrix and a bias for each layer."""
    return [
        {
            "weight": rng.normal(0, math.sqrt(2 / n_in), (n_in, n_out)).astype(np.float32),
            "bias": np.zeros(n_out, np.float32),
        }
        for n_in, n_out in pairwise(sizes)
    ]


def predict(params, images):
    """Return ten log-probabilities for each image."""
    *hidden, last = params
    x = images.reshape(len(images), -1)
    for layer in hidden:
        x = fnp.maximum(x @ layer["weight"] + layer["bias"], 0)
    scores = x @ last["weight"] + last["bias"]
    scores = scores - fnp.max(scores, axis=1, keepdims=True)  # so that exp cannot overflow
    return scores - fnp.log(fnp.sum(fnp.exp(scores), axis=1, keepdims=True))


def loss(params, images, targets):
    """Return the mean cross-entropy; each row of `targets` has a 1 at the right digit, else 0."""
    return -fnp.mean(fnp.sum(targets * predict(params, images), axis=1))


def train_step(params, velocity, images, targets, lr):
    """Take one step of gradient descent with momentum. Nothing is changed in place."""
    value, grads = fg.value_and_grad(loss)(params, images, targets)
    velocity = fg.tree.map(lambda v, g: 0.9 * v + g, velocity, grads)
    params = fg.tree.map(lambda p, v: p - lr * v, params, velocity)
    return params, velocity, value


# What follows needs no derivatives: plain NumPy for the data, a loop, a picture, a command line.


def load_digits(rng):
    """Shuffle the digits; return images and labels to learn from, then those held out."""
    with np.load(DATA) as file:
        images, labels = file["images"].astype(np.float32) / 16, file["labels"]
    order = rng.permutation(len(images))
    learn, test = order[HELD_OUT:], order[:HELD_OUT]
    return (images[learn], labels[learn]), (images[test], labels[test])


def smear(images, rng):
    """Blend each image with a copy moved by up to one pixel: the same digit, a new hand."""
    n, height, width = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    rows = np.arange(height)[:, None] + rng.integers(0, 3, (n, 1, 1))
    columns = np.arange(width) + rng.integers(0, 3, (n, 1, 1))
    moved = padded[np.arange(n)[:, None, None], rows, columns]
    blend = rng.random((n, 1, 1), dtype=np.float32)
    return blend * images + (1 - blend) * moved


def accuracy(params, images, labels):
    """Return the fraction of the images that are read correctly."""
    return np.mean(np.argmax(np.asarray(predict(params, images)), axis=1) == labels)


def train(learn, test, rng, epochs, lr):
    """Return trained parameters, and for each epoch the loss and both accuracies."""
    images, labels = learn
    targets = np.eye(10, dtype=np.float32)[labels]
    steps = len(images) // BATCH
    params = init_params(rng)
    velocity = fg.tree.map(np.zeros_like, params)
    history = []
    for epoch in (bar := trange(epochs, unit="epoch")):
        losses = []
        batches = rng.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH)
        for step, batch in enumerate(batches):
            progress = (epoch + step / steps) / epochs
            step_lr = lr * (1 + math.cos(math.pi * progress)) / 2  # falls from lr to 0
            params, velocity, value = train_step(
                params, velocity, smear(images[batch], rng), targets[batch], step_lr
            )
            losses.append(float(value))
        history.append((np.mean(losses), accuracy(params, *learn), accuracy(params, *test)))
        line = (
            "epoch {:3d}   loss {:.4f}   correct: {:6.2%} of training, {:6.2%} of held-out images"
        )
        bar.write(line.format(epoch + 1, *history[-1]))
        if not math.isfinite(history[-1][0]):
            raise SystemExit(f"The loss is no longer a finite number: try an --lr below {lr:g}.")
    return params, np.array(history)


def draw(params, history, images, labels, output):
    """Save a picture of the training and of the held-out digits that are hardest to read."""
    losses, learn_accuracy, test_accuracy = history.T
    epochs = np.arange(1, len(history) + 1)
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, wspace=0.04)

    left.suptitle("Training", fontsize=14)
    above, below = left.subplots(2, 1, sharex=True)
    above.plot(epochs, losses, ".-", color="tab:purple")
    above.set(ylabel="training loss", yscale="log")
    below.plot(epochs, 100 * learn_accuracy, ".-", label="training images")
    below.plot(epochs, 100 * test_accuracy, ".-", label="held-out images")
    below.set(xlabel="epoch", ylabel="read correctly (%)")
    below.legend(loc="lower right")
    below.xaxis.get_major_locator().set_params(integer=True)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)

    scores = np.asarray(predict(params, images))
    guesses = np.argmax(scores, axis=1)
    misread = guesses != labels
    hardest = np.argsort(scores[np.arange(len(labels)), labels])[:12]
    right.suptitle(
        f"{misread.sum()} of {len(labels)} held-out digits misread (red), the rest nearly so",
        fontsize=14,
    )
    for axes, i in zip(right.subplots(3, 4).flat, hardest):
        color = "tab:red" if misread[i] else "0.5"
        axes.imshow(images[i], cmap="gray_r")
        axes.set_title(f"{labels[i]} read as {guesses[i]}", fontsize=11, color=color)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(color)
    figure.savefig(output, dpi=120)


def parse_arguments(network="a small network", epochs=30, lr=0.1, output="train_digits.png"):
    """Read the command line and refuse what cannot work, before any training."""
    parser = argparse.ArgumentParser(
        description=f"Train {network} to read handwritten digits.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--epochs", type=int, default=epochs, help="passes over training images")
    parser.add_argument("--seed", type=int, default=0, help="fixes the split and all randomness")
    parser.add_argument("--lr", type=float, default=lr, help="learning rate of the first step")
    parser.add_argument("--output", type=Path, default=output, help="picture to write")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error(f"--epochs is {options.epochs}, but must be at least 1")
    if options.seed < 0:
        parser.error(f"--seed is {options.seed}, but must not be negative")
    if not 0 < options.lr < math.inf:
        parser.error(f"--lr is {options.lr}, but must be positive and finite")
    if options.output.suffix not in {".png", ".pdf", ".svg"}:
        parser.error(f"--output is {options.output}, but must end in .png, .pdf or .svg")
    try:
        options.output.open("ab").close()
    except OSError as error:
        parser.error(f"--output cannot be written: {error}")
    return options


def main():
    """Train, draw, and say how it went."""
    options = parse_arguments()
    start = time.perf_counter()
    rng = np.random.default_rng(options.seed)
    learn, test = load_digits(rng)
    params, history = train(learn, test, rng, options.epochs, options.lr)
    draw(params, history, *test, options.output)
    seconds = time.perf_counter() - start
    print(
        f"Read {history[-1, 2]:.2%} of {HELD_OUT} held-out digits correctly "
        f"after {seconds:.1f} s; see {options.output}."
    )


if __name__ == "__main__":
    main()
