# Maximum-likelihood reference results for binomial-logit meta-analysis.
#
# Which question each result answers
#   common_effect      What are the pooled log-odds and the log-likelihood when every study
#                      shares one probability (tau = 0)?  glm().
#   rma_glmm_*         What does the usual meta-analysis program report for the random-intercept
#                      model?  metafor::rma.glmm(), by default with 7-point quadrature; only where
#                      every study has one row.
#   glmer_nagq25       What does a second, independent interface report?  lme4::glmer() with
#                      25-point adaptive Gauss-Hermite quadrature.
#   glmer_laplace      The same with the Laplace approximation (nAGQ = 1): shows how large the
#                      approximation error is and which constant glmer() drops when nAGQ > 1.
#   ml                 Where is the maximum of the exact marginal likelihood, to 6+ digits?
#                      optim() on the integrated log-likelihood, polished by Newton's method.
#   points             What is the exact marginal log-likelihood, binomial coefficients included,
#                      at fixed parameter values?  stats::integrate(), rel.tol = 1e-10.
#   checks             How far do the different routes to the same number disagree?
#
# The model:  events[ij] ~ Binomial(n[ij], plogis(x[ij]' beta + tau * z[i])),  z[i] ~ N(0, 1)
# for arm j of study i; the marginal log-likelihood is
#   sum_i log integral prod_j dbinom(events[ij], n[ij], plogis(x[ij]' beta + tau z)) dnorm(z) dz.
#
# Packages (Debian):
#   apt-get install r-base-core r-cran-metafor r-cran-metadat r-cran-lme4
# Run from the project root (a few seconds); writes only next to this file:
#   Rscript tests/reference/r/make_reference.R

suppressPackageStartupMessages({
  library(metafor)
  library(lme4)
})
options(warn = 1)

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
here <- if (length(script) == 1) dirname(script) else "tests/reference/r"
beside <- function(name) file.path(here, name)

# ---- JSON, with the shortest decimal that reads back as the same double ---------------------

json_number <- function(x) {
  if (is.na(x) || is.infinite(x)) return("null")
  for (digits in 15:17) {
    text <- sprintf(paste0("%.", digits, "g"), x)
    if (as.numeric(text) == x) break
  }
  text
}
json_text <- function(x) paste0('"', gsub('(["\\\\])', "\\\\\\1", x), '"')
json_atom <- function(x) {
  if (is.logical(x)) ifelse(is.na(x), "null", tolower(as.character(x)))
  else if (is.numeric(x)) vapply(x, json_number, "", USE.NAMES = FALSE)
  else json_text(x)
}
# Named lists and named vectors become objects; unnamed lists and vectors of length other than
# one become arrays; a matrix becomes an array of rows.
to_json <- function(x, indent = "") {
  deeper <- paste0(indent, "  ")
  if (is.matrix(x)) {
    rows <- apply(x, 1, function(row) paste0("[", paste(json_atom(unname(row)), collapse = ", "), "]"))
    return(paste0("[", paste(rows, collapse = ", "), "]"))
  }
  if (is.null(names(x)) && !is.list(x)) {
    atoms <- json_atom(x)
    return(if (length(x) == 1) atoms else paste0("[", paste(atoms, collapse = ", "), "]"))
  }
  parts <- vapply(seq_along(x), function(k) to_json(x[[k]], deeper), "")
  if (!is.null(names(x))) parts <- paste0(json_text(names(x)), ": ", parts)
  brackets <- if (is.null(names(x))) c("[", "]") else c("{", "}")
  paste0(brackets[1], "\n", paste0(deeper, parts, collapse = ",\n"), "\n", indent, brackets[2])
}

# ---- data -----------------------------------------------------------------------------------

# (a) One-arm proportions: improvement under hyperdynamic therapy, 14 studies.
pritz <- metadat::dat.pritz1997
write.csv(
  data.frame(study = pritz$authors, arm = 1L, events = pritz$xi, n = pritz$ni),
  beside("pritz1997.csv"), row.names = FALSE, quote = FALSE
)

# (b) Tumours in 71 groups of female F344 rats: Tarone (1982), as in Table 5.1 of Gelman et al.,
# Bayesian Data Analysis, 3rd edition. Groups 1-70 are historical, group 71 is the current one.
rat_events <- c(
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2, 2,
  2, 2, 2, 2, 2, 2, 2, 1, 5, 2, 5, 2, 7, 7, 3, 3, 2, 9, 10, 4, 4, 4, 4, 4, 4,
  4, 10, 4, 4, 4, 5, 11, 12, 5, 5, 6, 5, 6, 6, 6, 6, 16, 15, 15, 9, 4
)
rat_n <- c(
  20, 20, 20, 20, 20, 20, 20, 19, 19, 19, 19, 18, 18, 17, 20, 20, 20, 20, 19, 19, 18, 18, 27,
  25, 24, 23, 20, 20, 20, 20, 20, 20, 10, 49, 19, 46, 17, 49, 47, 20, 20, 13, 48, 50, 20, 20,
  20, 20, 20, 20, 20, 48, 19, 19, 19, 22, 46, 49, 20, 20, 23, 19, 22, 20, 20, 20, 52, 46, 47,
  24, 14
)
# Against slips of typing: the number of groups, the totals, the current group (4 of 14), and the
# mean and standard deviation of the 70 historical proportions printed in the book (0.136, 0.103).
stopifnot(
  length(rat_events) == 71, length(rat_n) == 71, all(rat_events <= rat_n),
  sum(rat_events) == 267, sum(rat_n) == 1739, rat_events[71] == 4, rat_n[71] == 14,
  round(mean((rat_events / rat_n)[1:70]), 3) == 0.136,
  round(sd((rat_events / rat_n)[1:70]), 3) == 0.103
)
write.csv(
  data.frame(study = 1:71, arm = 1L, events = rat_events, n = rat_n),
  beside("rats.csv"), row.names = FALSE, quote = FALSE
)

# (c) Contagious bovine pleuropneumonia: herd = study, one arm per period; periods 1-4 are
# written p1-p4 so that no reader takes them for a number.
write.csv(
  data.frame(
    study = cbpp$herd, arm = cbpp$period, events = cbpp$incidence, n = cbpp$size,
    period = paste0("p", cbpp$period)
  ),
  beside("cbpp.csv"), row.names = FALSE, quote = FALSE
)

# Everything below is computed from the files as written.
read_arms <- function(name) {
  d <- read.csv(beside(name), colClasses = c(study = "character"))
  d$study <- factor(d$study, levels = unique(d$study))
  if (!is.null(d$period)) d$period <- factor(d$period)
  d
}

# ---- the marginal log-likelihood ------------------------------------------------------------

by_study <- function(d, X) {
  lapply(split(seq_len(nrow(d)), d$study), function(r) {
    list(y = d$events[r], n = d$n[r], X = X[r, , drop = FALSE],
         const = sum(lchoose(d$n[r], d$events[r])))
  })
}

# log of (product of binomial kernels) x dnorm(z), for a vector z
log_integrand <- function(z, s, lin, tau) {
  out <- dnorm(z, log = TRUE)
  for (j in seq_along(s$y)) {
    eta <- lin[j] + tau * z
    out <- out + s$y[j] * plogis(eta, log.p = TRUE) + (s$n[j] - s$y[j]) * plogis(-eta, log.p = TRUE)
  }
  out
}

# The log integrand is concave with curvature of at least 1 in z, so beyond 12 from its mode it is
# below exp(-72) of its peak: [mode - 12, mode + 12] is the whole line for our purposes.
mode_and_width <- function(s, lin, tau) {
  slope <- function(z) tau * sum(s$y - s$n * plogis(lin + tau * z)) - z
  bound <- tau * sum(s$n) + 1
  mode <- uniroot(slope, c(-bound, bound), tol = 1e-10)$root
  p <- plogis(lin + tau * mode)
  list(mode = mode, width = 1 / sqrt(1 + tau^2 * sum(s$n * p * (1 - p))))
}

# Route 1: stats::integrate on four pieces around the mode.
study_loglik <- function(s, beta, tau) {
  lin <- drop(s$X %*% beta)
  m <- mode_and_width(s, lin, tau)
  top <- log_integrand(m$mode, s, lin, tau)
  f <- function(z) exp(log_integrand(z, s, lin, tau) - top)
  cuts <- m$mode + c(-12, -4 * m$width, 0, 4 * m$width, 12)
  pieces <- vapply(1:4, function(k) {
    integrate(f, cuts[k], cuts[k + 1], rel.tol = 1e-10, abs.tol = 0, subdivisions = 1000L)$value
  }, 0)
  s$const + top + log(sum(pieces))
}
loglik <- function(studies, beta, tau) {
  sum(vapply(studies, study_loglik, 0, beta = beta, tau = tau))
}

# Route 2, independent of route 1 and with the score: the trapezoidal rule, which converges
# geometrically for such integrands (step well below pi / tau, the distance to the poles).
trapezoid <- function(studies, beta, tau) {
  total <- 0
  score <- numeric(length(beta) + 1)
  for (s in studies) {
    lin <- drop(s$X %*% beta)
    m <- mode_and_width(s, lin, tau)
    h <- min(m$width / 10, 0.1 / tau)
    z <- m$mode + h * seq(-ceiling(12 / h), ceiling(12 / h))
    lg <- log_integrand(z, s, lin, tau)
    w <- exp(lg - max(lg))
    total <- total + s$const + max(lg) + log(h * sum(w))
    w <- w / sum(w)
    residual <- s$y - s$n * plogis(outer(lin, tau * z, "+"))
    score <- score + c(drop(crossprod(s$X, residual %*% w)), sum(w * z * colSums(residual)))
  }
  list(loglik = total, score = score)
}

# Hessian in (beta, tau): fourth-order central differences of the score.
hessian <- function(studies, theta, h = 1e-3) {
  k <- length(theta)
  score_at <- function(t) trapezoid(studies, t[-k], t[k])$score
  H <- sapply(seq_len(k), function(j) {
    e <- replace(numeric(k), j, h)
    (8 * (score_at(theta + e) - score_at(theta - e)) -
       (score_at(theta + 2 * e) - score_at(theta - 2 * e))) / (12 * h)
  })
  (H + t(H)) / 2
}

maximise <- function(studies, start, start_tau) {
  p <- length(start)
  objective <- function(t) -loglik(studies, t[1:p], exp(t[p + 1]))
  opt <- optim(c(start, log(start_tau)), objective, method = "BFGS",
               control = list(reltol = 1e-12, maxit = 500, ndeps = rep(1e-4, p + 1)))
  stopifnot(opt$convergence == 0)
  from_optim <- c(opt$par[1:p], exp(opt$par[p + 1]))
  theta <- from_optim
  for (step in 1:4) {
    score <- trapezoid(studies, theta[1:p], theta[p + 1])$score
    theta <- theta - solve(hessian(studies, theta), score)
  }
  H <- hessian(studies, theta)
  list(theta = unname(theta), from_optim = unname(from_optim), optim_value = -opt$value,
       vcov = solve(-H), score = trapezoid(studies, theta[1:p], theta[p + 1])$score)
}

# ---- fits -----------------------------------------------------------------------------------

named_se <- function(V) setNames(sqrt(diag(V)), rownames(V))
as_plain <- function(V) unname(as.matrix(V))
call_text <- function(fit_call) gsub("\\s+", " ", paste(deparse(fit_call, width.cutoff = 500L), collapse = " "))
saturated_loglik <- function(d) sum(dbinom(d$events, d$n, d$events / d$n, log = TRUE))

fit_glm <- function(fit_call, d) {
  fit <- eval(fit_call, list(d = d))
  by_hand <- sum(dbinom(d$events, d$n, fitted(fit), log = TRUE))
  stopifnot(abs(by_hand - as.numeric(logLik(fit))) < 1e-9)
  list(call = call_text(fit_call), coefficients = coef(fit), se = named_se(vcov(fit)),
       vcov = as_plain(vcov(fit)), loglik = as.numeric(logLik(fit)),
       residual_deviance = deviance(fit))
}

# metafor computes logLik() here as the saturated log-likelihood minus half of deviance() of the
# glmer fit, and that deviance is conditional on the predicted random intercepts: the value
# reported is not the marginal log-likelihood (the checks below confirm it).
fit_rma <- function(fit_call, d, studies) {
  fit <- eval(fit_call, list(d = d))
  beta <- as.numeric(fit$beta)
  tau <- sqrt(fit$tau2)
  list(call = call_text(fit_call), coefficients = c("(Intercept)" = beta),
       se = c("(Intercept)" = fit$se), tau = tau, loglik_reported = as.numeric(logLik(fit)),
       loglik_reported_is = "conditional on the predicted random intercepts, not marginal",
       integrated_loglik_at_these_estimates = loglik(studies, beta, tau),
       QE_Wald = fit$QE.Wld, QE_LRT = fit$QE.LRT, QE_df = fit$QE.df)
}

fit_glmer <- function(fit_call, d, studies) {
  fit <- eval(fit_call, list(d = d))
  tau <- attr(VarCorr(fit)$study, "stddev")[[1]]
  reported <- as.numeric(logLik(fit))
  integrated <- loglik(studies, fixef(fit), tau)
  # nAGQ = 1: the reported value is a log-likelihood with the binomial coefficients.
  # nAGQ > 1: it is relative to the saturated model, so adding that model's log-likelihood
  # restores the missing constant.
  dropped <- if (getME(fit, "devcomp")$dims[["nAGQ"]] > 1) saturated_loglik(d) else 0
  list(call = call_text(fit_call), coefficients = fixef(fit), se = named_se(vcov(fit)),
       vcov = as_plain(vcov(fit)), tau = tau, loglik_reported = reported,
       constant_dropped_from_loglik = dropped, loglik = reported + dropped,
       integrated_loglik_at_these_estimates = integrated,
       conditional_loglik_at_predicted_intercepts =
         sum(dbinom(d$events, d$n, fitted(fit), log = TRUE)))
}

analyse <- function(d, X, calls, points) {
  studies <- by_study(d, X)
  p <- ncol(X)
  fits <- list()
  for (name in names(calls)) {
    fits[[name]] <- if (name == "common_effect") fit_glm(calls[[name]], d)
      else if (startsWith(name, "rma")) fit_rma(calls[[name]], d, studies)
      else fit_glmer(calls[[name]], d, studies)
  }
  g <- fits$glmer_nagq25
  best <- maximise(studies, g$coefficients, g$tau)
  names <- colnames(X)
  beta <- setNames(best$theta[1:p], names)
  tau <- best$theta[p + 1]
  se <- setNames(sqrt(diag(best$vcov)), c(names, "tau"))
  at_ml <- loglik(studies, beta, tau)
  fits$ml <- list(
    call = paste0(
      "optim(c(beta, log(tau)), function(t) -loglik(studies, beta = t[1:p], tau = exp(t[p + 1])), ",
      "method = \"BFGS\", control = list(reltol = 1e-12, ndeps = rep(1e-4, p + 1))), then four ",
      "Newton steps on the score; se and vcov (last row and column: tau) from the observed ",
      "information"),
    coefficients = beta, tau = tau, loglik = at_ml, se = se, vcov = best$vcov,
    optim_without_newton = list(coefficients = setNames(best$from_optim[1:p], names),
                                tau = best$from_optim[p + 1], loglik = best$optim_value)
  )

  # the points: integrate() for the record, the trapezoidal rule as a check
  fits$points <- lapply(points, function(q) {
    q_beta <- q[-length(q)]
    value <- loglik(studies, q_beta, q[length(q)])
    if (p == 1) list(mu = q_beta, tau = q[length(q)], loglik = value)
    else list(coefficients = setNames(q_beta, names), tau = q[length(q)], loglik = value)
  })
  every <- c(points, list(unname(c(g$coefficients, g$tau)), best$theta))
  gap <- vapply(every, function(q) {
    abs(loglik(studies, q[-length(q)], q[length(q)]) -
          trapezoid(studies, q[-length(q)], q[length(q)])$loglik)
  }, 0)
  # moving any one parameter by a tenth of its standard error lowers the log-likelihood
  falls <- unlist(lapply(seq_along(best$theta), function(j) sapply(c(-0.1, 0.1), function(f) {
    t <- best$theta + replace(numeric(p + 1), j, f * se[j])
    loglik(studies, t[1:p], t[p + 1]) - at_ml
  })))
  # and likewise around the glmer estimates
  falls_glmer <- unlist(lapply(seq_along(best$theta), function(j) sapply(c(-0.1, 0.1), function(f) {
    t <- c(g$coefficients, g$tau) + replace(numeric(p + 1), j, f * se[j])
    loglik(studies, t[1:p], t[p + 1]) - g$integrated_loglik_at_these_estimates
  })))
  fits$checks <- list(
    integrate_against_trapezoid_max_abs = max(gap),
    glmer_loglik_minus_integrated = g$loglik - g$integrated_loglik_at_these_estimates,
    ml_minus_glmer_estimates = setNames(best$theta - c(g$coefficients, g$tau), c(names, "tau")),
    ml_minus_optim_estimates = setNames(best$theta - best$from_optim, c(names, "tau")),
    ml_score_max_abs = max(abs(best$score)),
    loglik_ml_minus_glmer = at_ml - g$integrated_loglik_at_these_estimates,
    largest_change_a_tenth_of_a_se_from_ml = max(falls),
    largest_change_a_tenth_of_a_se_from_glmer = max(falls_glmer)
  )
  if (!is.null(fits$rma_glmm_nagq25)) {
    fits$checks$rma_glmm_loglik_minus_conditional <-
      fits$rma_glmm_nagq25$loglik_reported - g$conditional_loglik_at_predicted_intercepts
    stopifnot(abs(fits$checks$rma_glmm_loglik_minus_conditional) < 1e-3)
  }
  stopifnot(
    max(gap) < 1e-8,
    abs(fits$checks$glmer_loglik_minus_integrated) < 1e-4,
    abs(best$theta - best$from_optim) < 1e-5 * pmax(1, abs(best$theta)),
    max(abs(best$score)) < 1e-8,
    max(falls) < 0, max(falls_glmer) < 0,
    at_ml >= g$integrated_loglik_at_these_estimates - 1e-9
  )
  fits
}

random_intercept <- list(
  common_effect = quote(glm(cbind(events, n - events) ~ 1, family = binomial, data = d)),
  rma_glmm_default = quote(rma.glmm(measure = "PLO", xi = events, ni = n, data = d)),
  rma_glmm_nagq25 = quote(rma.glmm(measure = "PLO", xi = events, ni = n, data = d, nAGQ = 25)),
  glmer_laplace = quote(glmer(cbind(events, n - events) ~ 1 + (1 | study), family = binomial, data = d)),
  glmer_nagq25 = quote(glmer(cbind(events, n - events) ~ 1 + (1 | study), family = binomial, data = d, nAGQ = 25))
)
with_period <- list(
  common_effect = quote(glm(cbind(events, n - events) ~ period, family = binomial, data = d)),
  glmer_laplace = quote(glmer(cbind(events, n - events) ~ period + (1 | study), family = binomial, data = d)),
  glmer_nagq25 = quote(glmer(cbind(events, n - events) ~ period + (1 | study), family = binomial, data = d, nAGQ = 25))
)
one <- function(d) model.matrix(~ 1, d)

describe <- function(file, d, models) {
  list(file = file, rows = nrow(d), studies = nlevels(d$study), events = sum(d$events), n = sum(d$n),
       sum_log_binomial_coefficients = sum(lchoose(d$n, d$events)),
       saturated_loglik = saturated_loglik(d), models = models)
}

pritz <- read_arms("pritz1997.csv")
rats <- read_arms("rats.csv")
herds <- read_arms("cbpp.csv")

data_sets <- list(
  pritz1997 = describe("pritz1997.csv", pritz, list(
    intercept = analyse(pritz, one(pritz), random_intercept,
      list(c(1, 0.5), c(1, 0.01), c(1, 3), c(-4, 1), c(0, 1.5)))
  )),
  rats = describe("rats.csv", rats, list(
    intercept = analyse(rats, one(rats), random_intercept,
      list(c(-2, 0.5), c(-2, 0.01), c(-2, 3), c(-4, 1), c(0, 1.5)))
  )),
  cbpp = describe("cbpp.csv", herds, list(
    # several rows per herd, so rma.glmm(), which takes every row for a study, does not apply
    intercept = analyse(herds, one(herds), random_intercept[!startsWith(names(random_intercept), "rma")],
      list(c(-2, 0.5), c(-2, 0.01), c(-2, 3), c(-4, 1), c(0, 1.5))),
    period = analyse(herds, model.matrix(~ period, herds), with_period,
      list(c(-1, -0.5, -1, -1.5, 0.4), c(-1.5, -1, -1, -1.5, 0.01), c(-4, 1, 0.5, 0, 3)))
  ))
)

reference <- list(
  about = paste(
    "Maximum-likelihood reference results for binomial-logit meta-analysis, written by",
    "make_reference.R. Every `loglik` includes the binomial coefficients. `d` in the calls is the",
    "CSV file named in `file`, with `study` (and `period`) as a factor. Coefficients are on the",
    "logit scale; tau is the standard deviation of the random intercept; period is in treatment",
    "coding with p1 as the reference."),
  r = R.version.string,
  packages = lapply(c(metafor = "metafor", metadat = "metadat", lme4 = "lme4", Matrix = "Matrix"),
                    function(p) as.character(packageVersion(p))),
  data_sets = data_sets
)
writeLines(to_json(reference), beside("reference.json"), useBytes = TRUE)
