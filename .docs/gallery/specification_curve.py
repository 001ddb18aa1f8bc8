"""Combinations of rules of inclusion, covariates, distributions of study effects and priors of tau."""

import bayesmeta as bm

grid = bm.SpecificationGrid(
    outcomes=["ORR"],
    inclusion={
        "primary": {"where": "venetoclax == 'yes'"},
        "overlaps_kept": {"where": "venetoclax == 'yes'", "overlaps": "keep"},
        "as_printed": {"where": "venetoclax == 'yes'", "derivations": ["reported"]},
        "no_transplant": {"where": "venetoclax == 'yes' and post_hsct == 'False'"},
    },
    covariates={
        "none": bm.Covariates(),
        "regimen": bm.Covariates("regimen_class", reference={"regimen_class": "ven_hma"}),
    },
    study_effects={"normal": bm.NormalEffects(), "student_t": bm.StudentTEffects()},
    priors={
        "tau_1": {"tau": bm.HalfNormal(1)},
        "tau_0.5": {"tau": bm.HalfNormal(0.5)},
        "tau_heavy": {"tau": bm.HalfCauchy(0.5)},
    },
    question=bm.Question(profile={"regimen_class": "ven_hma"}),
)
found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
plot = bm.plots.specification_curve(found.curve)
