"""Fit Lotka and Volterra's equations to the pelts of lynx and hare of a hundred years ago.

The derivatives go through the solver of the differential equations: the Jacobian of the residuals
finds the rates, and says how certain they are. `vmap` of the solver turns this into error bands.
"""

import argparse
import os
from pathlib import Path

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import optim, random
from fungrad.flatten_util import ravel_pytree

# Pelts that trappers sold to the Hudson's Bay Company from 1900 to 1920, in thousands.
HARE = [30, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22, 25.4, 27.1]
HARE += [40.3, 57, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7]
LYNX = [4, 6.1, 9.8, 35.2, 59.4, 41.7, 19, 13, 8.3, 9.1, 7.4]
LYNX += [8, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6]
YEARS, PELTS = np.arange(1900, 1921), np.stack([HARE, LYNX], axis=1)
GUESS = {"alpha": 0.5, "beta": 0.02, "gamma": 0.5, "delta": 0.02, "start": PELTS[0]}


def growth(params, population):
    """Return the relative growth in a year: hares breed and are eaten, lynxes eat and starve."""
    hare, lynx = population
    return fnp.stack(
        [params["alpha"] - params["beta"] * lynx, params["delta"] * hare - params["gamma"]]
    )


def solve(log_params, years, steps):
    """Return the populations at so many steps in each year, by Runge and Kutta's method."""
    params = fg.tree.map(fnp.exp, log_params)
    h = 1 / steps

    def slope(u):  # u has the logarithms of both populations, which grow at the relative rate
        return growth(params, fnp.exp(u))

    def step(u, _):
        k1 = slope(u)
        k2 = slope(u + h / 2 * k1)
        k3 = slope(u + h / 2 * k2)
        k4 = slope(u + h * k3)
        return u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), u

    _, path = fg.lax.scan(step, log_params["start"], length=years * steps)
    return fnp.exp(path)


def residuals(log_params, steps):
    """Return by how much the logarithms of the counts differ from those of the solution."""
    return fnp.log(PELTS) - fnp.log(solve(log_params, len(YEARS), steps)[::steps])


def posterior(log_params, steps):
    """Return mean and covariance of the parameters in one vector, and what unpacks the vector."""
    mean, unravel = ravel_pytree(log_params)
    r, J = fg.value_and_jac(lambda v: residuals(unravel(v), steps).ravel(), mode="forward")(mean)
    variance = r @ r / (r.size - mean.size)
    return mean, variance * fnp.linalg.inv(J.T @ J), unravel


def draw(best, draws, steps, picture):
    """Save a picture of both populations in time, with error bands, and against each other."""
    figure = Figure(figsize=(10.5, 5), layout="constrained")
    panels = figure.subplot_mosaic([["hare", "both"], ["lynx", "both"]], width_ratios=[3, 2])
    time = YEARS[0] + np.arange(len(best)) / steps
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    for i, (name, color) in enumerate({"hare": "tab:blue", "lynx": "tab:red"}.items()):
        axes = panels[name]
        band = {"color": color, "alpha": 0.25, "linewidth": 0, "label": "its 95 % band"}
        axes.plot(time, best[:, i], color=color, label="fitted " + name)
        axes.fill_between(time, low[:, i], high[:, i], **band)
        axes.plot(YEARS, PELTS[:, i], "o", color="black", markersize=4, label="pelts counted")
        axes.set(ylabel=f"{name} pelts (thousands)", xlim=(1899.5, time[-1]))
        axes.set(ylim=(0, 1.25 * high[:, i].max()))
        axes.legend(loc="upper right", ncols=3, frameon=False)
    panels["lynx"].set_xlabel("year")
    axes = panels["both"]
    axes.plot(*draws[:12].T, color="0.7", linewidth=0.5)
    axes.plot([], color="0.7", linewidth=0.7, label="other likely orbits")
    axes.plot(*best.T, color="tab:purple", linewidth=2, label="fitted orbit")
    axes.plot(*PELTS.T, "o:", color="black", markersize=4, linewidth=0.8, label="pelts counted")
    axes.set(xlabel="hare pelts (thousands)", ylabel="lynx pelts (thousands)")
    axes.set(xlim=(0, 95), ylim=(0, 75))
    axes.legend(loc="upper right", frameon=False)
    for axes in panels.values():
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=90)


def main():
    """Fit, print the rates with their errors, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="fixes the draws for the error bands")
    parser.add_argument("--quick", action="store_true", help="longer steps, fewer draws")
    parser.add_argument("--picture", type=Path, default="fit_lotka_volterra.png", help="to write")
    options = parser.parse_args()
    steps, count = (2, 100) if options.quick else (4, 1000)

    log_params, info = optim.levenberg_marquardt(residuals, fg.tree.map(np.log, GUESS), steps)
    mean, covariance, unravel = posterior(log_params, steps)
    params, errors = fg.tree.map(fnp.exp, log_params), unravel(fnp.sqrt(fnp.diag(covariance)))
    for name, value in params.items():
        for number, error in zip(np.ravel(value), np.ravel(errors[name])):
            print(f"{name:<5} {number:8.4f} +- {number * error:.4f}")  # d log p = dp / p
    draws = random.multivariate_normal(random.key(options.seed), mean, covariance, (count,))
    curves = fg.vmap(lambda flat: solve(unravel(flat), 30, 4 * steps))(draws)
    best = solve(log_params, 30, 4 * steps)
    draw(np.asarray(best), np.asarray(curves), 4 * steps, options.picture)
    print(
        f"Fitted in {info.iterations} steps; the pelts are typically off by a factor of "
        f"{np.exp(np.sqrt(2 * info.cost / PELTS.size)):.2f}; see {options.picture}."
    )


if __name__ == "__main__":
    main()
