# Reference results of the R package meta: what metaprop() and metainf() report of 14 studies.
#
# Which question each result answers
#   metaprop   What are the pooled proportion, its interval and the prediction interval of the random
#              intercept logistic regression model?  metaprop(method = "GLMM").
#   metainf    What is the pooled proportion without each study in turn?
#   checks     Do metaprop() and metafor's rma.glmm(), which it calls, report the same?
#
# Data:      pritz1997.csv.
#
# Packages:  r-base-core, r-cran-metafor, r-cran-lme4 and r-cran-jsonlite of Debian; meta of CRAN.
# Run from the project root (a few seconds); writes meta_reference.json next to this file:
#   Rscript tests/reference/r/make_meta_reference.R

suppressPackageStartupMessages({
  library(meta)
  library(metafor)
})
options(warn = 1)

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
here <- dirname(normalizePath(script))
d <- read.csv(file.path(here, "pritz1997.csv"))

call <- quote(metaprop(events, n, studlab = study, data = d, sm = "PLOGIT", method = "GLMM",
                       prediction = TRUE))
m <- eval(call)
without <- metainf(m, pooled = "random")
by_metafor <- rma.glmm(measure = "PLO", xi = events, ni = n, data = d)

gap <- max(abs(c(m$TE.random - by_metafor$beta[1], m$seTE.random - by_metafor$se,
                 m$tau - sqrt(by_metafor$tau2))))
stopifnot(gap < 1e-12, without$studlab[seq_len(nrow(d))] == paste("Omitting", d$study))

result <- list(
  r = R.version.string,
  packages = lapply(c(meta = "meta", metafor = "metafor", lme4 = "lme4"),
                    function(name) as.character(packageVersion(name))),
  file = "pritz1997.csv",
  metaprop = list(
    call = gsub("\\s+", " ", paste(deparse(call, width.cutoff = 500L), collapse = " ")),
    mu = m$TE.random, se = m$seTE.random, tau = m$tau,
    rate = plogis(m$TE.random), lower = plogis(m$lower.random), upper = plogis(m$upper.random),
    method_of_prediction = m$method.predict,
    new_study_lower = plogis(m$lower.predict), new_study_upper = plogis(m$upper.predict)
  ),
  metainf = list(
    call = "metainf(m, pooled = \"random\")",
    study = d$study, rate = plogis(without$TE[seq_len(nrow(d))])
  ),
  checks = list(metaprop_minus_rma_glmm_max_abs = gap)
)
writeLines(jsonlite::toJSON(result, auto_unbox = TRUE, digits = NA, pretty = TRUE),
           file.path(here, "meta_reference.json"))
