"""Random numbers that are pure functions of keys.

A key is a value. What is drawn from it depends on the key, the shape, the dtype and the parameters
alone, in every transform, so each use needs a key of its own: `split` makes new ones, `fold_in` one
for each number of a step. A key that is used twice raises `KeyReuseError`.
"""

from fungrad.random.continuous import cauchy as cauchy
from fungrad.random.continuous import double_sided_maxwell as double_sided_maxwell
from fungrad.random.continuous import exponential as exponential
from fungrad.random.continuous import gumbel as gumbel
from fungrad.random.continuous import laplace as laplace
from fungrad.random.continuous import logistic as logistic
from fungrad.random.continuous import lognormal as lognormal
from fungrad.random.continuous import maxwell as maxwell
from fungrad.random.continuous import normal as normal
from fungrad.random.continuous import pareto as pareto
from fungrad.random.continuous import rayleigh as rayleigh
from fungrad.random.continuous import triangular as triangular
from fungrad.random.continuous import truncated_normal as truncated_normal
from fungrad.random.continuous import wald as wald
from fungrad.random.continuous import weibull_min as weibull_min
from fungrad.random.discrete import binomial as binomial
from fungrad.random.discrete import categorical as categorical
from fungrad.random.discrete import choice as choice
from fungrad.random.discrete import geometric as geometric
from fungrad.random.discrete import multinomial as multinomial
from fungrad.random.discrete import permutation as permutation
from fungrad.random.discrete import poisson as poisson
from fungrad.random.gamma_family import ball as ball
from fungrad.random.gamma_family import beta as beta
from fungrad.random.gamma_family import chisquare as chisquare
from fungrad.random.gamma_family import dirichlet as dirichlet
from fungrad.random.gamma_family import f as f
from fungrad.random.gamma_family import gamma as gamma
from fungrad.random.gamma_family import generalized_normal as generalized_normal
from fungrad.random.gamma_family import loggamma as loggamma
from fungrad.random.gamma_family import t as t
from fungrad.random.keys import Key as Key
from fungrad.random.keys import PRNGKey as PRNGKey
from fungrad.random.keys import clone as clone
from fungrad.random.keys import fold_in as fold_in
from fungrad.random.keys import key as key
from fungrad.random.keys import key_data as key_data
from fungrad.random.keys import key_impl as key_impl
from fungrad.random.keys import split as split
from fungrad.random.keys import wrap_key_data as wrap_key_data
from fungrad.random.reuse import allow_reuse as allow_reuse
from fungrad.random.uniform import bernoulli as bernoulli
from fungrad.random.uniform import bits as bits
from fungrad.random.uniform import rademacher as rademacher
from fungrad.random.uniform import randint as randint
from fungrad.random.uniform import uniform as uniform
from fungrad.random.vectors import multivariate_normal as multivariate_normal
from fungrad.random.vectors import orthogonal as orthogonal

__all__ = [
    "Key",
    "PRNGKey",
    "allow_reuse",
    "ball",
    "bernoulli",
    "beta",
    "binomial",
    "bits",
    "categorical",
    "cauchy",
    "chisquare",
    "choice",
    "clone",
    "dirichlet",
    "double_sided_maxwell",
    "exponential",
    "f",
    "fold_in",
    "gamma",
    "generalized_normal",
    "geometric",
    "gumbel",
    "key",
    "key_data",
    "key_impl",
    "laplace",
    "loggamma",
    "logistic",
    "lognormal",
    "maxwell",
    "multinomial",
    "multivariate_normal",
    "normal",
    "orthogonal",
    "pareto",
    "permutation",
    "poisson",
    "rademacher",
    "randint",
    "rayleigh",
    "split",
    "t",
    "triangular",
    "truncated_normal",
    "uniform",
    "wald",
    "weibull_min",
    "wrap_key_data",
]
