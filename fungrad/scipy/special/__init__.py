"""Special functions by SciPy's names, computed with NumPy alone.

They are accurate to a few units of the last place of float64 (see each module of
`fungrad.rules.kernels` for the methods), keep float32, and have derivatives of every order.
"""

from fungrad.scipy.special.bessel import i0 as i0
from fungrad.scipy.special.bessel import i0e as i0e
from fungrad.scipy.special.bessel import i1 as i1
from fungrad.scipy.special.bessel import i1e as i1e
from fungrad.scipy.special.entropies import entr as entr
from fungrad.scipy.special.entropies import expit as expit
from fungrad.scipy.special.entropies import kl_div as kl_div
from fungrad.scipy.special.entropies import log_softmax as log_softmax
from fungrad.scipy.special.entropies import logit as logit
from fungrad.scipy.special.entropies import logsumexp as logsumexp
from fungrad.scipy.special.entropies import rel_entr as rel_entr
from fungrad.scipy.special.entropies import softmax as softmax
from fungrad.scipy.special.entropies import xlog1py as xlog1py
from fungrad.scipy.special.entropies import xlogy as xlogy
from fungrad.scipy.special.gamma_functions import beta as beta
from fungrad.scipy.special.gamma_functions import betaln as betaln
from fungrad.scipy.special.gamma_functions import digamma as digamma
from fungrad.scipy.special.gamma_functions import factorial as factorial
from fungrad.scipy.special.gamma_functions import gamma as gamma
from fungrad.scipy.special.gamma_functions import gammainc as gammainc
from fungrad.scipy.special.gamma_functions import gammaincc as gammaincc
from fungrad.scipy.special.gamma_functions import gammaln as gammaln
from fungrad.scipy.special.gamma_functions import gammasgn as gammasgn
from fungrad.scipy.special.gamma_functions import multigammaln as multigammaln
from fungrad.scipy.special.gamma_functions import polygamma as polygamma
from fungrad.scipy.special.normal import erf as erf
from fungrad.scipy.special.normal import erfc as erfc
from fungrad.scipy.special.normal import erfcinv as erfcinv
from fungrad.scipy.special.normal import erfcx as erfcx
from fungrad.scipy.special.normal import erfinv as erfinv
from fungrad.scipy.special.normal import log_ndtr as log_ndtr
from fungrad.scipy.special.normal import ndtr as ndtr
from fungrad.scipy.special.normal import ndtri as ndtri

__all__ = [
    "beta",
    "betaln",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "expit",
    "factorial",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "gammasgn",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "kl_div",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "rel_entr",
    "softmax",
    "xlog1py",
    "xlogy",
]
