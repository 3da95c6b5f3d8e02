"""Find wrong labels by asking how each training example influences what is predicted.

Softmax regression learns digits, some of which have a wrong label. How would the loss on held-out
images change without training example i? Influence functions answer for all i at once, by a
gradient for each example and one product with the inverse Hessian, and without training again.
"""

import argparse
import os
from pathlib import Path

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import fungrad as fg
import fungrad.numpy as fnp

DATA = Path(__file__).parent / "data" / "digits.npz"
HELD_OUT, WRONG = 360, 0.05
DECAY = 0.01


def loss(theta, x, y):
    """Return the cross-entropy of one image x with label y, by softmax regression."""
    scores = x @ theta
    return fnp.log(fnp.sum(fnp.exp(scores))) - scores[y]


def mean_loss(theta, xs, ys, weights=1.0):
    """Return the mean over examples, each counted with its weight."""
    return fnp.mean(weights * fg.vmap(loss, in_axes=(None, 0, 0))(theta, xs, ys))


def risk(theta, *examples):
    """Return what training minimises."""
    return mean_loss(theta, *examples) + DECAY / 2 * fnp.sum(theta**2)


def conjugate_gradients(multiply, b):
    """Solve A x = b for a positive definite matrix A that is given by its product with vectors."""
    x, r, p = fnp.zeros_like(b), b, b
    while fnp.max(abs(r)) > 1e-9 * fnp.max(abs(b)):
        q = multiply(p)
        alpha = fnp.vdot(r, r) / fnp.vdot(p, q)
        x, rest = x + alpha * p, r - alpha * q
        p = rest + fnp.vdot(rest, rest) / fnp.vdot(r, r) * p
        r = rest
    return x


def inverse_hessian_product(theta, vector, *examples):
    """Return H^-1 v, where H is the Hessian of the risk, which is never made."""

    def multiply(v):
        return fg.hvp(lambda theta: risk(theta, *examples), (theta,), (v,))

    return conjugate_gradients(multiply, vector)


def fit(theta, *examples):
    """Minimise the risk by Newton's method."""
    while fnp.max(abs(gradient := fg.grad(risk)(theta, *examples))) > 1e-9:
        theta = theta - inverse_hessian_product(theta, gradient, *examples)
    return theta


def influence(theta, examples, held_out):
    """Return for each example by how much the held-out loss would change if it were left out."""
    s = inverse_hessian_product(theta, fg.grad(mean_loss)(theta, *held_out), *examples)
    gradients = fg.vmap(fg.grad(loss), in_axes=(None, 0, 0))(theta, *examples)
    return np.asarray(fnp.tensordot(gradients, s)) / len(gradients)


# What follows needs no derivatives: the data, the comparison, a picture, a command line.


def load_digits(rng, count):
    """Return examples with some labels wrong, the right labels, and held-out examples."""
    with np.load(DATA) as file:
        images, labels = file["images"].reshape(-1, 64) / 16, file["labels"].astype(int)
    xs = np.append(images, np.ones((len(images), 1)), axis=1)  # the 1 makes room for a bias
    order = rng.permutation(len(images))
    learn, test = order[HELD_OUT : HELD_OUT + count], order[:HELD_OUT]
    wrong = rng.random(len(learn)) < WRONG
    given = np.where(wrong, (labels[learn] + rng.integers(1, 10, len(learn))) % 10, labels[learn])
    return (xs[learn], given), labels[learn], (xs[test], labels[test])


def draw(predicted, chosen, actual, examples, labels, picture):
    """Save a picture: predicted and actual influence, labels found, and the worst examples."""
    xs, given = examples
    wrong, order = given != labels, np.argsort(predicted)
    figure = Figure(figsize=(10.5, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[2, 3], wspace=0.04)
    above, below = left.subplots(2, 1, height_ratios=[3, 2])
    above.axline((0, 0), slope=1, color="0.6", linewidth=1)
    for which, style, name in ((~wrong, "o", "right label"), (wrong, "x", "wrong label")):
        each = which[chosen]
        above.plot(1e3 * predicted[chosen][each], 1e3 * actual[each], style, label=name)
    above.set(xlabel="predicted (thousandths)", ylabel="by training again (thousandths)")
    above.set_title("Change of the held-out loss if one is left out", fontsize=11)
    above.legend(frameon=False)
    found = np.cumsum(wrong[order])
    below.plot(np.arange(1, len(order) + 1), found, color="tab:purple", label="most harmful first")
    below.plot([0, len(order)], [0, wrong.sum()], ":", color="0.4", label="in random order")
    below.set(xlabel="training examples looked at", ylabel="wrong labels found")
    below.legend(frameon=False)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    right.suptitle("The training examples that harm most, from the worst", fontsize=11)
    for axes, i in zip(right.subplots(4, 5).flat, order):
        color = "tab:red" if wrong[i] else "0.3"
        axes.imshow(xs[i, :64].reshape(8, 8), cmap="gray_r")
        verdict = f", is {labels[i]}" if wrong[i] else " rightly"
        axes.set_title(f"labelled {given[i]}{verdict}", fontsize=10, color=color)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(color)
    figure.savefig(picture, dpi=90)


def main():
    """Train, compute all influences, check some by training again, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="fixes the split and the wrong labels")
    parser.add_argument("--quick", action="store_true", help="fewer examples, fewer checks")
    parser.add_argument("--picture", type=Path, default="influence.png", help="to write")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    count, checks = (300, 4) if options.quick else (1437, 30)
    examples, labels, held_out = load_digits(rng, count)
    wrong = examples[1] != labels

    theta = fit(fnp.zeros((65, 10)), *examples)
    predicted = influence(theta, examples, held_out)
    order = np.argsort(predicted)
    spread = np.linspace(predicted.min(), predicted.max(), checks)
    chosen = order[np.unique(np.searchsorted(predicted[order], spread))]
    actual = []
    for i in tqdm(chosen, desc="training again", unit="fit"):
        without = fit(theta, *examples, np.arange(count) != i)
        actual.append(mean_loss(without, *held_out) - mean_loss(theta, *held_out))
    draw(predicted, chosen, np.array(actual), examples, labels, options.picture)
    print(
        f"{np.sum(wrong[order[: wrong.sum()]])} of {wrong.sum()} wrong labels are among the "
        f"{wrong.sum()} most harmful of {count} examples. Predicted and actual influence: "
        f"correlation {np.corrcoef(predicted[chosen], actual)[0, 1]:.4f}; see {options.picture}."
    )


if __name__ == "__main__":
    main()
