"""`bias_adjusted`: the posterior given biases of studies that were elicited."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayesmeta.errors import SettingsError, nearest
from bayesmeta.inference.exact import Biases, QuadratureFit, quadrature_fit
from bayesmeta.numeric import is_number


def bias_adjusted(fit: QuadratureFit, *, bias: Biases) -> QuadratureFit:
    """Return the posterior if each study has a bias whose size was elicited from experts.

    theta_i = mu + u_i + b_i with b_i ~ Normal(m_i, s_i^2) on the log-odds, independent of u_i: the
    likelihood of a study is that of an offset m_i and of variance tau^2 + s_i^2 between studies, so
    that the result is exact. Studies that are not named have no bias. All answers are those without
    bias: the typical study, and a new one, have b = 0. The evidence hardly tells how large biases are;
    an elicited bias with wide limits makes its study count for less.

    Parameters
    ----------
    fit : QuadratureFit
        The fit to start from, of a model with normal study effects or a common effect.
    bias : mapping
        Mean and standard deviation (log-odds) of the bias of each study that has one, such as
        ``{"smith2019": (0.2, 0.3)}``; above 0, the study's rate is too high.

    Returns
    -------
    QuadratureFit
        Fitted to the same arms; `bias` holds the biases.

    Raises
    ------
    SettingsError
        If `fit` is not a QuadratureFit, a study is not in its arms, or a bias is no pair of a finite
        mean and a standard deviation of at least 0.

    References
    ----------
    Turner, Spiegelhalter, Smith & Thompson 2009, doi:10.1111/j.1467-985X.2008.00547.x.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> high = {str(study): (0.3, 0.2) for study in arms.studies}
    >>> adjusted = bm.bias_adjusted(exact, bias=high)
    >>> [round(float(one.posterior.marginal("mu").quantile(0.5)), 1) for one in (exact, adjusted)]
    [-1.4, -1.7]
    """
    if not isinstance(fit, QuadratureFit):
        raise SettingsError(
            f"`fit` must be a QuadratureFit; got {type(fit).__name__}. Make one by bm.fit, with "
            'method="quadrature".'
        )
    _check(bias, list(map(str, fit.arms.studies)))
    found = {str(name): (float(mean), float(sd)) for name, (mean, sd) in bias.items()}
    return quadrature_fit(fit.design, found)


def _check(bias: Any, studies: list[str]) -> None:
    if not isinstance(bias, Mapping) or not bias:
        raise SettingsError(
            f"`bias` must map studies to a mean and a standard deviation, such as {{'smith2019': (0.2, 0.3)}}; got {bias!r}."
        )
    for name, pair in bias.items():
        if name not in studies:
            raise SettingsError(
                f"`bias` names '{name}', no study of the arms. {nearest(str(name), studies)}"
            )
        if not _is_pair(pair):
            raise SettingsError(
                f"`bias` of '{name}' must be a finite mean and a standard deviation of at least 0 (log-odds); got {pair!r}."
            )


def _is_pair(pair: Any) -> bool:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:  # noqa: PLR2004
        return False
    return all(is_number(one) and np.isfinite(one) for one in pair) and pair[1] >= 0
