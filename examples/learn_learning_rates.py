"""Learn the learning rates: the gradient of a training loop with respect to its hyperparameters.

A network learns to read digits in 100 steps of gradient descent. `fg.grad` goes through all of them
and says how the loss on other digits, after the training, changes with the learning rate of each
layer in each step and with the weight decay: 301 numbers, which learn by these gradients in turn.
Run it with `python examples/learn_learning_rates.py`; `--help` lists the options.
"""

import argparse
import os
import tracemalloc
from functools import partial
from itertools import pairwise
from pathlib import Path

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import nn, optim, random

DATA = Path(__file__).parent / "data" / "digits.npz"
SIZES, BATCH = (64, 50, 50, 10), 100
RATE, DECAY = 0.03, 1e-3  # to start from; the rates are far too small


def init_params(key):
    """Draw a weight matrix and a bias for each layer."""
    keys = random.split(key, len(SIZES) - 1)
    return [
        {"w": random.normal(key, (m, n)) / np.sqrt(m), "b": fnp.zeros(n)}
        for key, (m, n) in zip(keys, pairwise(SIZES))
    ]


def scores(params, images):
    """Return ten scores for each image."""
    *hidden, last = params
    h = images
    for layer in hidden:
        h = fnp.tanh(h @ layer["w"] + layer["b"])
    return h @ last["w"] + last["b"]


def loss(params, images, labels):
    """Return the mean cross-entropy of the labels."""
    return nn.cross_entropy(scores(params, images), labels)


def train(hyper, params, images, labels, checkpoint=True):
    """Return the parameters after a step of gradient descent on each batch, and the losses."""
    decay = fnp.exp(hyper["log decay"])

    def step(params, batch):
        rates, *batch = batch
        value, grads = fg.value_and_grad(loss)(params, *batch)

        def descend(rate, layer, gradient):
            return fg.tree.map(lambda p, g: p - rate * (g + decay * p), layer, gradient)

        return list(map(descend, rates, params, grads)), value

    batches = (fnp.exp(hyper["log rates"]), images, labels)
    return fg.lax.scan(step, params, batches, checkpoint=checkpoint)


def outer_loss(hyper, params, learn, validate, checkpoint=True):
    """Return the loss on other digits after training, by which the hyperparameters are judged."""
    trained, _ = train(hyper, params, *learn, checkpoint)
    return loss(trained, *validate)


def constant(rate, steps):
    """Return hyperparameters with the same rate in all steps."""
    rates = fnp.full((steps, len(SIZES) - 1), rate)
    return {"log rates": fnp.log(rates), "log decay": fnp.log(DECAY)}


def learn_rates(key, data, rounds, steps):
    """Return the learned hyperparameters, and the outer loss of each round."""
    hyper = constant(RATE, steps)
    schedule = optim.cosine_decay_schedule(0.15, rounds)
    optimizer = optim.chain(optim.clip_by_global_norm(0.05), optim.adam(schedule))
    state, history = optimizer.init(hyper), []
    for i in (bar := trange(rounds, unit="training")):
        params, learn = start(random.fold_in(key, i), data, steps)  # each training is another one
        value, grads = fg.value_and_grad(outer_loss)(hyper, params, learn, data["validate"])
        updates, state = optimizer.update(grads, state, hyper)
        hyper = optim.apply_updates(hyper, updates)
        history.append(float(value))
        bar.set_postfix(loss=f"{value:.4f}")
    return hyper, history


def start(key, data, steps):
    """Return new parameters, and a batch for each step."""
    own, batches = random.split(key)
    images, labels = data["learn"]
    rows = np.asarray(random.randint(batches, (steps, BATCH), 0, len(labels)))
    return init_params(own), (images[rows], labels[rows])


# What follows needs no derivatives: data, measurements, a picture, a command line.


def load_digits(key):
    """Return images and labels: 400 to learn from, 500 to judge the learning, the rest to test."""
    with np.load(DATA) as file:
        images, labels = file["images"].reshape(-1, 64) / 16, file["labels"].astype(int)
    order = np.asarray(random.permutation(key, len(images)))
    parts = zip(["learn", "validate", "test"], np.split(order, [400, 900]))
    return {name: (images[rows], labels[rows]) for name, rows in parts}


def peak_memory(function, *arguments):
    """Return the most megabytes that a call takes at a time."""
    tracemalloc.start()
    function(*arguments)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def draw(hyper, history, losses, picture):
    """Save a picture of the rates that were learned, and of what they do."""
    figure = Figure(figsize=(13, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.plot(np.arange(1, 1 + len(history)), history, ".-", color="tab:purple")
    left.set(xlabel="training", ylabel="loss on other digits after it", yscale="log")
    left.set_title("Training after training")
    rates = np.exp(hyper["log rates"])
    for number, column in enumerate(rates.T, 1):
        middle.plot(column, label=f"layer {number}")
    middle.axhline(RATE, color="0.6", ls="--", label="at the start")
    middle.set(xlabel="step", ylabel="learning rate", yscale="log")
    middle.set_title("What the gradients made of the rates")
    middle.legend()
    for name, values in losses.items():
        right.plot(np.asarray(values), label=name, color="0.6" if "start" in name else None)
    right.set(xlabel="step", ylabel="loss on the batch", yscale="log", ylim=(0.012, 4))
    right.set_title("A training with them")
    right.legend()
    for axes in (left, middle, right):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=80)


def main():
    """Learn the rates, compare them with constant ones, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="fixes all random numbers")
    parser.add_argument("--quick", action="store_true", help="8 short trainings instead of 60")
    parser.add_argument("--picture", default="learn_learning_rates.png", help="to write")
    options = parser.parse_args()
    rounds, steps = (8, 20) if options.quick else (60, 100)
    data_key, learn_key, try_key = random.split(random.key(options.seed), 3)
    data = load_digits(data_key)
    params, learn = start(try_key, data, steps)
    for checkpoint in (False, True):
        gradient = partial(fg.grad(outer_loss), constant(RATE, steps), params, learn)
        peak = peak_memory(gradient, data["validate"], checkpoint)
        print(f"checkpoint={checkpoint!s:<5}  peak of memory of a gradient {peak:3.0f} MB")

    hyper, history = learn_rates(learn_key, data, rounds, steps)
    tried = [constant(RATE * 2**i, steps) for i in range(8)]
    best = min(tried, key=lambda hyper: outer_loss(hyper, params, learn, data["validate"]))
    losses = {}
    for name, each in {"start": tried[0], "best constant": best, "learned": hyper}.items():
        trained, values = train(each, params, *learn)
        images, labels = data["test"]
        read = np.mean(np.argmax(scores(trained, images), axis=1) == labels)
        losses[f"{name}, {read:.1%} read"] = values
        rate, value = np.exp(np.mean(each["log rates"])), loss(trained, images, labels)
        print(
            f"{name:<14} rate {rate:.3f}   loss {value:.4f} and {read:.2%} correct on test digits"
        )
    print(f"With the learned rates {read:.2%} are read correctly; see {options.picture}.")
    draw(hyper, history, losses, options.picture)


if __name__ == "__main__":
    main()
