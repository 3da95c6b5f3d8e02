"""Solve Burgers' equation by a network that knows nothing but the equation.

A physics-informed network: the loss is how far u_t + u u_x is from nu u_xx at random points, with
derivatives of the network by its inputs, and `fg.value_and_grad` differentiates that by the
parameters. Run it with `python examples/burgers_equation.py`; `--help` lists the options.
"""

import argparse
import os
from functools import partial
from itertools import pairwise

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import optim, random

NU = 0.02  # the viscosity
SIZES = (2, 24, 24, 24, 1)


def init_params(key):
    """Draw a weight matrix and a bias for each layer."""
    keys = random.split(key, len(SIZES) - 1)
    return [
        {"w": random.normal(key, (m, n)) / np.sqrt(m), "b": fnp.zeros(n)}
        for key, (m, n) in zip(keys, pairwise(SIZES))
    ]


def solution(params, x, t):
    """Return u(x, t). It starts as -sin(pi x) and is 0 at x = -1 and 1, whatever the network is."""
    *hidden, last = params
    h = fnp.stack([x, 2 * t - 1])
    for layer in hidden:
        h = fnp.tanh(h @ layer["w"] + layer["b"])
    (network,) = h @ last["w"] + last["b"]
    return -fnp.sin(np.pi * x) + t * (1 - x**2) * network


def residual(params, x, t):
    """Return u_t + u u_x - nu u_xx, which is 0 for the solution."""
    u = partial(solution, params)
    u_x, u_t = fg.deriv(u, argnums=0), fg.deriv(u, argnums=1)
    u_xx = fg.deriv(u_x)
    return u_t(x, t) + u(x, t) * u_x(x, t) - NU * u_xx(x, t)


def loss(params, x, t):
    """Return the mean of the squared residuals at points x and times t."""
    return fnp.mean(fg.vmap(residual, in_axes=(None, 0, 0))(params, x, t) ** 2)


def train(key, params, steps, points):
    """Return trained parameters, and the loss of each step."""
    optimizer = optim.adam(optim.cosine_decay_schedule(0.01, steps))
    state, losses = optimizer.init(params), []
    for i in (bar := trange(steps, unit="step")):
        x, t = random.uniform(random.fold_in(key, i), (2, points))
        value, grads = fg.value_and_grad(loss)(params, 2 * x - 1, t)
        updates, state = optimizer.update(grads, state)
        params = optim.apply_updates(params, updates)
        losses.append(float(value))
        if i % 10 == 0:
            bar.set_postfix(loss=f"{value:.5f}")
    return params, losses


# What follows needs no derivatives: plain NumPy for the truth, a picture, a command line.


def exact(x, t):
    """Return the solution by Cole and Hopf's formula, its integrals by Gauss's and Hermite's."""
    z, weights = np.polynomial.hermite.hermgauss(100)
    y = np.pi * (x[..., None] - np.sqrt(4 * NU * t[..., None]) * z)
    weights = weights * np.exp(-np.cos(y) / (2 * np.pi * NU))
    return -np.sum(weights * np.sin(y), axis=-1) / np.sum(weights, axis=-1)


def draw(x, t, u, truth, losses, picture):
    """Save a picture of the solution, of its error, and of the training."""
    figure = Figure(figsize=(13, 6.4), layout="constrained")
    (upper, snapshots), (lower, training) = figure.subplots(2, 2, width_ratios=[1.4, 1])
    size = np.abs(u - truth).max()
    for axes, z, limit, title in (
        (upper, u, 1, "The network's solution u"),
        (lower, u - truth, size, "Its error"),
    ):
        image = axes.pcolormesh(t, x, z, cmap="RdBu_r", vmin=-limit, vmax=limit, shading="gouraud")
        axes.set(xlabel="t", ylabel="x", title=title)
        figure.colorbar(image, ax=axes, pad=0.01)
    for column, color in zip((0, 15, 30, 50), ("0.7", "tab:blue", "black", "tab:red")):
        snapshots.plot(x[:, 0], truth[:, column], color=color, lw=4, alpha=0.3)
        label = f"t = {t[0, column]:.1f}"
        snapshots.plot(x[:, 0], u[:, column], "--", color=color, label=label)
    snapshots.set(xlabel="x", ylabel="u", title="The front steepens (wide: exact, dashed: network)")
    snapshots.legend()
    training.plot(losses, color="tab:purple", lw=0.8)
    training.set(xlabel="step", ylabel="loss", yscale="log", title="Mean squared residual")
    for axes in (snapshots, training):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=80)


def main():
    """Train, compare with the exact solution, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="fixes all random numbers")
    parser.add_argument("--quick", action="store_true", help="60 steps instead of 1500")
    parser.add_argument("--picture", default="burgers_equation.png", help="to write")
    options = parser.parse_args()
    init, points = random.split(random.key(options.seed))
    steps = 60 if options.quick else 1500
    params, losses = train(points, init_params(init), steps, 400)
    x, t = np.meshgrid(np.linspace(-1, 1, 201), np.linspace(0, 1, 51), indexing="ij")
    u = fg.vmap(solution, in_axes=(None, 0, 0))(params, x.ravel(), t.ravel())
    u, truth = np.asarray(u).reshape(x.shape), exact(x, t)
    error = np.linalg.norm(u - truth) / np.linalg.norm(truth)
    print(f"The mean squared residual is {np.mean(losses[-50:]):.5f}, after {losses[0]:.5f}.")
    print(f"The error is {error:.2%} of the solution's norm; see {options.picture}.")
    draw(x, t, u, truth, losses, options.picture)


if __name__ == "__main__":
    main()
