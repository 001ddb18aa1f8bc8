"""`bias_adjusted`: the posterior given biases of studies that were elicited."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.arguments import check_family
from bayesmeta.estimates.posterior import AnyFit, check_no_bias, check_posterior, has_draws
from bayesmeta.inference.exact import Biases, QuadratureFit, quadrature_fit
from bayesmeta.inference.refits import refit
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design, model_hash
from bayesmeta.model.limits import refuse_several
from bayesmeta.numeric import is_number
from bayesmeta.sensitivity.bias_models import elicited_design
from bayesmeta.sensitivity.changed_priors import STREAM_DIGITS, fit_of_design


@overload
def bias_adjusted(fit: Fit, *, bias: Biases) -> Fit: ...
@overload
def bias_adjusted(fit: QuadratureFit, *, bias: Biases) -> QuadratureFit: ...
def bias_adjusted(fit: AnyFit, *, bias: Biases) -> AnyFit:
    """Return the posterior if each study has a bias whose size was elicited from experts.

    theta_i = mu + x_i beta + u_i + b_i with b_i ~ Normal(m_i, s_i^2) on the scale of the link,
    independent of u_i. Studies that are not named have no bias. Answers about the typical study, and
    about a new one, are those without bias, b = 0. The rate of an arm of the evidence, such as that of
    ``predict(study=...)``, holds its bias. The evidence hardly tells how large biases are; an elicited
    bias with wide limits makes its study count for less.

    By quadrature, the likelihood of a study is that of an offset m_i and of variance tau^2 + s_i^2
    between studies, so that the result is exact. By draws, biases are coefficients of a factor
    ``elicited_bias``, whose levels are the studies and whose reference is ``"none"``, or another word if
    a study has that name.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        The fit to start from, of one outcome.
    bias : mapping
        Mean and standard deviation (log-odds where the link is the logit) of the bias of each study
        that has one, such as ``{"smith2019": (0.2, 0.3)}``; above 0, the study's rate is too high. By
        draws a standard deviation must be above 0.

    Returns
    -------
    Fit or QuadratureFit
        Fitted to the same arms. `bias` of a QuadratureFit holds the biases; of a Fit they are among
        `beta`, and `seed` is that of `fit`, with another stream.

    Raises
    ------
    SettingsError
        If `fit` is of several outcomes, of survival or of a PyMC model, or has biases already, a study
        is not in its arms, or a bias is no pair of a finite mean and a standard deviation of at least 0.

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
    # Survival is refused below, with the reason.
    check_posterior(fit, survival=True)
    check_family(fit, "bias_adjusted")
    refuse_several(fit.arms, "`bias_adjusted`")
    check_no_bias(fit, "`bias_adjusted`")
    found = checked_bias(fit, bias)
    if not has_draws(fit):
        return quadrature_fit(fit.design, found)
    design = elicited_design(fit.design, found)
    return refit(fit, spec=design.spec, arms=design.arms, stream=_stream(design))


def elicited_fit(fit: AnyFit, bias: Biases) -> AnyFit:
    """Return the same with the draws alone, of biases that were checked."""
    if not has_draws(fit):
        return quadrature_fit(fit.design, bias)
    design = elicited_design(fit.design, bias)
    return fit_of_design(fit, design, model_hash(design.spec))


def _stream(design: Design) -> int:
    return int(model_hash(design.spec)[:STREAM_DIGITS], 16)


def checked_bias(fit: AnyFit, bias: Any, argument: str = "bias") -> Biases:
    """Return elicited biases as numbers, after checking them; `argument` is what messages call them."""
    _check(bias, fit, argument)
    return {str(name): (float(mean), float(sd)) for name, (mean, sd) in bias.items()}


def _check(bias: Any, fit: AnyFit, argument: str) -> None:
    studies = list(map(str, fit.arms.studies))
    if not isinstance(bias, Mapping) or not bias:
        raise SettingsError(
            f"`{argument}` must map studies to a mean and a standard deviation, such as {{'smith2019': (0.2, 0.3)}}; got {bias!r}."
        )
    for name, pair in bias.items():
        if str(name) not in studies:
            raise SettingsError(
                f"`{argument}` names '{name}', no study of the arms. {nearest(str(name), studies)}"
            )
        if not _is_pair(pair):
            raise SettingsError(
                f"`{argument}` of '{name}' must be a finite mean and a standard deviation of at least 0 (log-odds); got {pair!r}."
            )
        if has_draws(fit) and pair[1] == 0:
            raise SettingsError(
                f"`{argument}` of '{name}' must have a standard deviation above 0 where the fit has draws; got {pair!r}. "
                "Give a small one, or a fit by quadrature."
            )


def _is_pair(pair: Any) -> bool:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:  # noqa: PLR2004
        return False
    return all(is_number(one) and np.isfinite(one) for one in pair) and pair[1] >= 0
