"""Draw from the posterior of a small Bayesian model by Hamiltonian Monte Carlo.

Eight schools coached pupils for a test, and each measured how many points that brought. How much do
the schools differ, and how much is noise? The force that drives the samples is the gradient of the
logarithm of the model's density. The code is for one chain; `fg.vmap` runs many at once. Run it
with `python examples/hamiltonian_monte_carlo.py`; `--help` lists the options.
"""

import argparse
import math
import os

# Arrays as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import random

# The points and their standard errors, from Donald B. Rubin, Estimation in Parallel Randomized
# Experiments, Journal of Educational Statistics 6 (1981), pages 377 to 401.
POINTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
CHAINS, LEAPS, ACCEPTED = 64, 8, 0.9


def model(q):
    """Return the mean mu, the spread tau and the effects theta of the schools; q is their code."""
    mu, tau = 5 * q[0], fnp.exp(q[1])
    return mu, tau, mu + tau * q[2:]


def log_density(q):
    """Return the logarithm of the posterior density of q, up to a constant.

    mu ~ normal(0, 5), tau ~ half Cauchy(5), theta ~ normal(mu, tau), points ~ normal(theta, errors)
    """
    _, tau, theta = model(q)
    prior = -(q[0] ** 2) / 2 - fnp.log(1 + (tau / 5) ** 2) + q[1] - fnp.sum(q[2:] ** 2) / 2
    return prior - fnp.sum(((POINTS - theta) / ERRORS) ** 2) / 2


def hamiltonian(q, p):
    """Return potential plus kinetic energy."""
    return -log_density(q) + p @ p / 2


def leapfrog(q, p, h):
    """Follow Hamilton's equations, q' = p and p' = grad log density(q), in steps of size h."""
    force = fg.grad(log_density)

    def leap(_, state):
        q, p, f = state
        p = p + h / 2 * f
        q = q + h * p
        f = force(q)
        return q, p + h / 2 * f, f

    q, p, _ = fg.lax.fori_loop(0, LEAPS, leap, (q, p, force(q)))
    return q, p


def transition(key, q, h):
    """Kick the chain, let it move, and keep it where it comes if the energy is much the same."""
    kick, size, luck = random.split(key, 3)
    p = random.normal(kick, q.shape)
    q_end, p_end = leapfrog(q, p, h * random.uniform(size, minval=0.5))  # so that no orbit closes
    probability = fnp.exp(fnp.minimum(0, hamiltonian(q, p) - hamiltonian(q_end, p_end)))
    return fnp.where(random.uniform(luck) < probability, q_end, q), probability


def sample(key, draws):
    """Return draws of mu, tau and theta, (draws, chains, 10), and the rate of acceptance."""
    start, *keys = random.split(key, 1 + 2 * draws)
    q, h = random.normal(start, (CHAINS, 2 + len(POINTS))), 0.1
    kept, rates = [], []
    for i in (bar := trange(2 * draws, unit="draw")):
        moves = random.split(keys[i], CHAINS)
        q, probability = fg.vmap(transition, in_axes=(0, 0, None))(moves, q, h)
        rate = float(fnp.mean(probability))
        if i < draws:  # the first half finds the size of the steps, and is thrown away
            h *= math.exp((rate - ACCEPTED) / math.sqrt(1 + i))
        else:
            kept.append(np.column_stack(fg.vmap(model)(q)))
            rates.append(rate)
        if i % 10 == 0:
            bar.set_postfix(step=f"{h:.3f}", accepted=f"{rate:.0%}")
    return np.array(kept), np.mean(rates)


# What follows needs no derivatives: plain NumPy to judge the chains, a picture, a command line.


def r_hat(x):
    """Return by how much the half chains differ more than they vary; 1 is perfect."""
    n = len(x) // 2
    halves = np.concatenate([x[:n], x[n : 2 * n]], axis=1)
    within, between = halves.var(0, ddof=1).mean(0), halves.mean(0).var(0, ddof=1)
    return np.sqrt((n - 1) / n + between / within)


def exact_spread(tau):
    """Return the posterior density of tau; here all else can be integrated by formulas."""
    logs = []
    for each in tau:
        covariance = np.diag(ERRORS**2 + each**2) + 5**2
        fit = POINTS @ np.linalg.solve(covariance, POINTS)
        logs.append(-(fit + np.linalg.slogdet(covariance)[1]) / 2 - np.log(1 + (each / 5) ** 2))
    density = np.exp(logs - np.max(logs))
    return density / np.trapezoid(density, tau)


def draw(samples, picture):
    """Save a picture of the effects, of their spread, and of the shape of the posterior."""
    mu, tau, theta = np.split(samples.reshape(-1, samples.shape[-1]), [1, 2], axis=1)
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)

    y = np.arange(len(POINTS))
    low, mid, high = np.quantile(theta, [0.16, 0.5, 0.84], axis=0)
    left.errorbar(POINTS, y - 0.13, xerr=ERRORS, fmt="o", color="0.6", label="measured")
    left.errorbar(mid, y + 0.13, xerr=[mid - low, high - mid], fmt="o", label="posterior")
    left.axvline(mu.mean(), color="tab:orange", zorder=0, label="mean of all schools")
    left.set(yticks=y, yticklabels="ABCDEFGH", xlabel="effect in points", ylabel="school")
    left.set_title("Noisy schools are drawn to the mean")
    left.invert_yaxis()
    left.set_xlim(-25, 85)
    left.legend(loc="center right")

    grid = np.linspace(0.01, 20, 400)
    middle.hist(tau[:, 0], np.linspace(0, 20, 61), density=True, alpha=0.5, label="draws")
    middle.plot(grid, exact_spread(grid), color="tab:red", label="exact")
    middle.set(xlabel="spread τ of the schools in points", ylabel="density", xlim=(0, 20))
    middle.set_title("The spread: draws and the exact density")
    middle.legend()

    some = np.random.default_rng(0).permutation(len(tau))[:3000]
    right.plot(theta[some, 0], tau[some, 0], ".", ms=2, alpha=0.4)
    right.set(xlabel="effect at school A in points", ylabel="spread τ", yscale="log")
    right.set(xlim=(-15, 35), ylim=(0.02, 40))
    right.set_title("The funnel that is hard to sample")
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=80)


def main():
    """Sample, say what came out, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="fixes all random numbers")
    parser.add_argument("--quick", action="store_true", help="60 draws a chain instead of 500")
    parser.add_argument("--picture", default="hamiltonian_monte_carlo.png", help="to write")
    options = parser.parse_args()
    samples, rate = sample(random.key(options.seed), 60 if options.quick else 500)
    flat = samples.reshape(-1, samples.shape[-1])
    print("        mean  deviation  R-hat")
    for name, x, r in zip(["mu", "tau", *"ABCDEFGH"], flat.T, r_hat(samples)):
        print(f"{name:>4}  {x.mean():6.2f}     {x.std():6.2f}  {r:.3f}")
    print(f"Drew {len(flat)} times and accepted {rate:.0%}; see {options.picture}.")
    draw(samples, options.picture)


if __name__ == "__main__":
    main()
