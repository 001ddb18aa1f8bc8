# Bayesian reference results for binomial-logit meta-analysis.
#
# Which question each result answers
#   pritz1997_intercept   What are the posteriors of mu, tau and the 14 study effects in the
#                         random-intercept model?  rstanarm::stan_glmer().
#   pritz1997_quadrature  The same posterior of mu and tau, and the log evidence, without Monte
#                         Carlo error: two-dimensional quadrature in plain R.
#   cbpp_period_centred   Posterior of the model with `period`, the intercept prior being on the
#                         CENTRED predictors, as rstanarm does it by default.
#   cbpp_period_reference The same model with the intercept prior on the log-odds of the reference
#                         level p1 (predictors not centred).
#   prior_check           Does decov(shape = 2, scale = 0.25) mean tau ~ Gamma(2, rate 4)?  Draws
#                         from the prior alone against the quantiles of that distribution.
#
# Priors:  intercept ~ Normal(0, 1.5);  coefficients of period p2-p4 ~ Normal(0, 1);
#          tau ~ Gamma(shape 2, rate 4), mean 0.5.
# decov(): for a single random intercept the covariance matrix is one-by-one, has no
# regularization or concentration, and its standard deviation is scale * Gamma(shape, 1); hence
# shape = 2, scale = 1 / 4.
# Centring: rstanarm places prior_intercept on alpha = beta0 + xbar' beta, xbar being the column
# means of the dummy variables over the ROWS of the data (not weighted by n). It samples alpha and
# reports beta0. A model with `0 +` in the formula has no intercept and is not centred, so a
# column of ones with its own Normal(0, 1.5) prior puts that prior on beta0 itself.
#
# Packages (Debian):  apt-get install r-base-core r-cran-rstanarm   (brings posterior, jsonlite)
# Run from the project root, after make_reference.R has written the CSV files (some minutes);
# writes only next to this file:
#   Rscript tests/reference/r/make_bayesian_reference.R

suppressPackageStartupMessages(library(rstanarm))
source("tests/reference/r/posteriors.R")

read_arms <- function(name) {
  d <- read.csv(beside(name), colClasses = c(study = "character"))
  d$study <- factor(d$study, levels = unique(d$study))
  if (!is.null(d$period)) d$period <- factor(d$period)
  d
}
pritz <- read_arms("pritz1997.csv")
herds <- read_arms("cbpp.csv")
# explicit dummies for the fit that is not centred
dummies <- transform(herds, one = 1, periodp2 = as.numeric(period == "p2"),
                     periodp3 = as.numeric(period == "p3"), periodp4 = as.numeric(period == "p4"))

# ---- rstanarm -------------------------------------------------------------------------------

call_text <- function(x) gsub("\\s+", " ", paste(deparse(x, width.cutoff = 500L), collapse = " "))

sample_posterior <- function(fit_call, d) {
  fit <- eval(fit_call, list(d = d))
  draws <- as.array(fit)             # iterations by chains by parameters
  pick <- function(name) draws[, , name]
  coefficients <- names(fixef(fit))
  tau <- sqrt(pick("Sigma[study:(Intercept),(Intercept)]"))
  out <- lapply(setNames(coefficients, sub("^one$", "(Intercept)", coefficients)),
                function(name) summarise(pick(name)))
  out$tau <- summarise(tau)
  list(fit = fit, draws = draws, pick = pick, tau = tau,
       result = list(call = call_text(fit_call), divergences = divergences(fit), posterior = out))
}

# (a) random intercept only: mu is the intercept, there is nothing to centre
a <- sample_posterior(quote(
  stan_glmer(cbind(events, n - events) ~ 1 + (1 | study), family = binomial, data = d,
             prior_intercept = normal(0, 1.5, autoscale = FALSE),
             prior = normal(0, 1, autoscale = FALSE),
             prior_covariance = decov(regularization = 1, concentration = 1, shape = 2, scale = 0.25),
             chains = 4, iter = 20000, warmup = 10000, seed = 20240501, adapt_delta = 0.99,
             refresh = 0)), pritz)
names(a$result$posterior)[1] <- "mu"
# study effects mu + tau z[i], on the logit scale; rstanarm writes blanks in level names as "_"
a$result$study_effects <- lapply(setNames(levels(pritz$study), levels(pritz$study)), function(s) {
  b <- paste0("b[(Intercept) study:", gsub(" ", "_", s), "]")
  summarise(a$pick("(Intercept)") + a$pick(b))
})

# (c) period, centred predictors (rstanarm's default)
c_centred <- sample_posterior(quote(
  stan_glmer(cbind(events, n - events) ~ period + (1 | study), family = binomial, data = d,
             prior_intercept = normal(0, 1.5, autoscale = FALSE),
             prior = normal(0, 1, autoscale = FALSE),
             prior_covariance = decov(regularization = 1, concentration = 1, shape = 2, scale = 0.25),
             chains = 4, iter = 20000, warmup = 10000, seed = 20240502, adapt_delta = 0.99,
             refresh = 0)), herds)
xbar <- colMeans(model.matrix(~ period, herds))[-1]
alpha <- c_centred$pick("(Intercept)")
for (name in names(xbar)) alpha <- alpha + xbar[[name]] * c_centred$pick(name)
c_centred$result$intercept_prior_is_on <- paste(
  "alpha = (Intercept) + sum(xbar * coefficients), the log-odds at the mean of the dummy",
  "variables over the 56 rows; `(Intercept)` below is the log-odds of reference level p1")
c_centred$result$xbar <- as.list(xbar)
c_centred$result$posterior$alpha <- summarise(alpha)

# (c) period, prior on the reference level
c_reference <- sample_posterior(quote(
  stan_glmer(cbind(events, n - events) ~ 0 + one + periodp2 + periodp3 + periodp4 + (1 | study),
             family = binomial, data = d,
             prior = normal(0, c(1.5, 1, 1, 1), autoscale = FALSE),
             prior_covariance = decov(regularization = 1, concentration = 1, shape = 2, scale = 0.25),
             chains = 4, iter = 20000, warmup = 10000, seed = 20240503, adapt_delta = 0.99,
             refresh = 0)), dummies)
c_reference$result$intercept_prior_is_on <-
  "(Intercept), the log-odds of reference level p1 (a column of ones called `one` in the call)"

# ---- what decov means -----------------------------------------------------------------------

prior_only <- sample_posterior(quote(
  stan_glmer(cbind(events, n - events) ~ 1 + (1 | study), family = binomial, data = d,
             prior_intercept = normal(0, 1.5, autoscale = FALSE),
             prior_covariance = decov(regularization = 1, concentration = 1, shape = 2, scale = 0.25),
             prior_PD = TRUE, chains = 4, iter = 10000, warmup = 5000, seed = 20240504,
             adapt_delta = 0.99, refresh = 0)), pritz)
prior_tau <- prior_only$result$posterior$tau
gamma_quantiles <- qgamma(probs, shape = 2, rate = 4)
stopifnot(abs(unlist(prior_tau$quantiles) - gamma_quantiles) < 5 * unlist(prior_tau$mcse_quantiles))

# ---- quadrature for (a) ---------------------------------------------------------------------

# Trapezoidal rule in mu and log tau (both tails vanish), and in z for each study.
quadrature <- function(d) {
  mu <- seq(-5, 7, by = 0.025)
  log_tau <- seq(-16, 2.4, by = 0.04)
  log_post <- vapply(log_tau, function(lt) {
    tau <- exp(lt)
    h <- min(0.15, 0.12 / tau)
    z <- h * seq(-ceiling(12 / h), ceiling(12 / h))
    weight <- h * dnorm(z)
    eta <- outer(mu, tau * z, "+")
    up <- plogis(eta, log.p = TRUE)
    down <- plogis(-eta, log.p = TRUE)
    total <- dnorm(mu, 0, 1.5, log = TRUE) + dgamma(tau, 2, rate = 4, log = TRUE) + lt
    for (i in seq_len(nrow(d))) {
      kernel <- d$events[i] * up + (d$n[i] - d$events[i]) * down
      total <- total + lchoose(d$n[i], d$events[i]) + log(drop(exp(kernel) %*% weight))
    }
    total
  }, mu)
  top <- max(log_post)
  mass <- exp(log_post - top)
  edge <- max(mass[c(1, nrow(mass)), ], mass[, c(1, ncol(mass))])
  stopifnot(edge < 1e-11)
  log_evidence <- top + log(sum(mass) * 0.025 * 0.04)
  marginal <- function(x, p, back) {
    step <- x[2] - x[1]
    p <- p / sum(p)
    value <- back(x)
    mean <- sum(p * value)
    density <- splinefun(x, p / step, method = "natural")
    # cumulative distribution: Simpson's rule on the spline, then invert
    middle <- density(x[-1] - step / 2)
    cumulative <- c(0, cumsum(step / 6 * (p[-length(p)] / step + 4 * middle + p[-1] / step)))
    cdf <- splinefun(x, cumulative, method = "natural")
    q <- vapply(probs, function(prob) {
      at <- max(which(cumulative <= prob))
      uniroot(function(t) cdf(t) - prob, c(x[at], x[at + 1]), tol = 1e-12)$root
    }, 0)
    list(mean = mean, sd = sqrt(sum(p * (value - mean)^2)),
         quantiles = by_percentage(back(q)))
  }
  list(method = paste(
         "trapezoidal rule on a grid of mu (-5 to 7 by 0.025) and log tau (-16 to 2.4 by 0.04), the",
         "random effects integrated out by the trapezoidal rule; the same priors as",
         "pritz1997_intercept; log_evidence includes the binomial coefficients"),
       log_evidence = log_evidence,
       posterior = list(mu = marginal(mu, rowSums(mass), identity),
                        tau = marginal(log_tau, colSums(mass), exp)))
}
exact <- quadrature(pritz)

# sampling and quadrature agree within Monte Carlo error
for (name in c("mu", "tau")) {
  s <- a$result$posterior[[name]]
  e <- exact$posterior[[name]]
  stopifnot(
    abs(s$mean - e$mean) < 5 * s$mcse_mean, abs(s$sd - e$sd) < 5 * s$mcse_sd,
    abs(unlist(s$quantiles) - unlist(e$quantiles)) < 5 * unlist(s$mcse_quantiles))
}

# ---- write ----------------------------------------------------------------------------------

write_reference(
  "bayesian_reference.json",
  about = paste(
    "Bayesian reference results for binomial-logit meta-analysis, written by",
    "make_bayesian_reference.R. `d` in the calls is the CSV file named in `file`. Coefficients are",
    "on the logit scale; tau is the standard deviation of the random intercept."),
  packages = c("rstanarm", "rstan", "StanHeaders", "lme4", "posterior", "jsonlite"),
  priors = list(
    intercept = list(distribution = "normal", mean = 0, sd = 1.5),
    coefficients = list(distribution = "normal", mean = 0, sd = 1),
    tau = gamma_prior),
  results = list(
    pritz1997_intercept = c(list(file = "pritz1997.csv"), a$result),
    pritz1997_quadrature = c(list(file = "pritz1997.csv"), exact),
    cbpp_period_centred = c(list(file = "cbpp.csv"), c_centred$result),
    cbpp_period_reference = c(list(file = "cbpp.csv"), c_reference$result)),
  prior_check = list(
    call = prior_only$result$call, tau = prior_tau,
    gamma_2_rate_4_quantiles = by_percentage(gamma_quantiles)))
