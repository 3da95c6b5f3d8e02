"""Teach a convolutional network to read handwritten digits, with the layers of `fungrad.nn`.

Run it with `python examples/train_digits_conv.py`; `--help` lists the options. The network is a
description, `MODEL`. Its parameters, its state (the running statistics of batch normalization) and
its randomness (the key for dropout) are arguments, and what changes is a result: so `loss` is a
pure function, and `train_step` another one. `train_digits.py` does the same without layers.
"""

import math
import os
import time

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange
from train_digits import HELD_OUT, load_digits, parse_arguments, smear

import fungrad as fg
from fungrad import nn, optim, random

BATCH = 32
MODEL = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    nn.BatchNorm2d(8),
    nn.relu,
    nn.Conv2d(8, 16, 3, padding=1),
    nn.BatchNorm2d(16),
    nn.relu,
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.3),
    nn.Linear(16 * 4 * 4, 10),
)


def loss(params, state, images, labels, key):
    """Return the mean cross-entropy, and the new state."""
    scores, state = MODEL(params, images[:, None], state=state, key=key, training=True)
    return nn.cross_entropy(scores, labels), state


def train_step(optimizer, params, state, memory, images, labels, key):
    """Take one step; `memory` is the optimizer's. Nothing is changed in place."""
    differentiate = fg.value_and_grad(loss, has_aux=True)
    (value, state), grads = differentiate(params, state, images, labels, key)
    updates, memory = optimizer.update(grads, memory, params)
    return optim.apply_updates(params, updates), state, memory, value


def predict(params, state, images):
    """Return ten scores for each image, by the running statistics and without dropout."""
    scores, _ = MODEL(params, images[:, None], state=state)
    return np.asarray(scores)


# What follows needs no derivatives: data, a loop, a picture, a command line.


def accuracy(params, state, images, labels):
    """Return the fraction of the images that are read correctly."""
    return np.mean(np.argmax(predict(params, state, images), axis=1) == labels)


def train(learn, test, rng, seed, epochs, lr):
    """Return trained parameters and state, and for each epoch the loss and both accuracies."""
    images, labels = learn
    steps = len(images) // BATCH
    key, subkey = random.split(random.key(seed))
    params, state = MODEL.init(subkey), MODEL.init_state()
    schedule = optim.cosine_decay_schedule(lr, epochs * steps)
    optimizer = optim.adamw(schedule, weight_decay=0.01)
    memory = optimizer.init(params)
    history = []
    for epoch in (bar := trange(epochs, unit="epoch")):
        losses = []
        batches = rng.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH)
        for batch in batches:
            key, subkey = random.split(key)
            seen = smear(images[batch], rng)
            params, state, memory, value = train_step(
                optimizer, params, state, memory, seen, labels[batch], subkey
            )
            losses.append(float(value))
        both = [accuracy(params, state, *data) for data in (learn, test)]
        history.append((np.mean(losses), *both))
        line = (
            "epoch {:3d}   loss {:.4f}   correct: {:6.2%} of training, {:6.2%} of held-out images"
        )
        bar.write(line.format(epoch + 1, *history[-1]))
        if not math.isfinite(history[-1][0]):
            raise SystemExit(f"The loss is no longer a finite number: try an --lr below {lr:g}.")
    return params, state, np.array(history)


def draw(params, state, history, images, labels, output):
    """Save a picture of the training, and of what the first layer sees in three digits."""
    _, learn_accuracy, test_accuracy = history.T
    epochs = np.arange(1, len(history) + 1)
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    left, right = figure.subfigures(1, 2, wspace=0.04, width_ratios=(2, 3))

    left.suptitle("Training", fontsize=14)
    axes = left.subplots()
    axes.plot(epochs, 100 * learn_accuracy, ".-", label="training images")
    axes.plot(epochs, 100 * test_accuracy, ".-", label="held-out images")
    axes.set(xlabel="epoch", ylabel="read correctly (%)")
    axes.legend(loc="lower right")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)

    right.suptitle("Kernels of the first layer, and what they make of three digits", fontsize=14)
    kernels = np.asarray(params["0"]["weight"])[:, 0]
    images = images[[np.argmax(labels == digit) for digit in (2, 4, 6)]]
    maps, _ = MODEL[:3](params, images[:, None], state=state)
    rows = [(None, kernels), *zip(images, np.asarray(maps))]
    grid = right.subplots(len(rows), 9)
    for row, (image, pictures) in zip(grid, rows):
        if image is not None:
            row[0].imshow(image, cmap="gray_r")
        limit = np.abs(pictures).max()
        for each, picture in zip(row[1:], pictures):
            each.imshow(picture, cmap="RdBu_r", vmin=-limit, vmax=limit)
        for each in row:
            each.set(xticks=[], yticks=[])
    grid[0][0].set_visible(False)
    figure.savefig(output, dpi=120)


def main():
    """Train, draw, and say how it went."""
    options = parse_arguments("a convolutional network", 12, 0.01, "train_digits_conv.png")
    start = time.perf_counter()
    rng = np.random.default_rng(options.seed)
    learn, test = load_digits(rng)
    print(nn.summary(MODEL.init(random.key(0))))
    params, state, history = train(learn, test, rng, options.seed, options.epochs, options.lr)
    draw(params, state, history, *test, options.output)
    seconds = time.perf_counter() - start
    print(
        f"Read {history[-1, 2]:.2%} of {HELD_OUT} held-out digits correctly "
        f"after {seconds:.1f} s; see {options.output}."
    )


if __name__ == "__main__":
    main()
