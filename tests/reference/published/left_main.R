# Posterior of three trials of left main coronary revascularisation, computed apart from the package.
#
# Counts: death, myocardial infarction or stroke within five years after bypass surgery, as in the
# published code of Brophy (2020); see README.md. The paper compares arms by a normal model of risk
# differences, so it prints no figure of this one:
#   events ~ Binomial(n, invlogit(mu + tau z)), mu ~ Normal(0, 1.5), tau ~ Exponential(1).
# Two ways: trapezoidal rules in plain R, which are exact to the digits kept, and
# rstanarm::stan_glmer(), whose default decov() is tau ~ Exponential(1). They must agree.
#
# From the project root (about a minute), with r-cran-rstanarm; writes only next to this file:
#   Rscript tests/reference/published/left_main.R

suppressPackageStartupMessages({
  library(rstanarm)
  library(posterior)
})

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
here <- if (length(script) == 1) dirname(script) else "tests/reference/published"
arms <- data.frame(study = c("PRECOMBAT", "NOBLE", "SYNTAX"),
                   events = c(28, 77, 69), n = c(300, 592, 348))
probs <- c(0.025, 0.5, 0.975)

# ---- trapezoidal rules: mu, log tau, and z of each study -------------------------------------

mu <- seq(-9, 7, by = 0.02)
log_tau <- seq(-16, 3.2, by = 0.03)
log_post <- vapply(log_tau, function(lt) {
  tau <- exp(lt)
  h <- min(0.15, 0.12 / tau)
  z <- h * seq(-ceiling(10 / h), ceiling(10 / h))
  eta <- outer(mu, tau * z, "+")
  total <- dnorm(mu, 0, 1.5, log = TRUE) + dexp(tau, 1, log = TRUE) + lt
  for (i in seq_len(nrow(arms))) {
    kernel <- arms$events[i] * plogis(eta, log.p = TRUE) +
      (arms$n[i] - arms$events[i]) * plogis(-eta, log.p = TRUE)
    top <- max(kernel)
    total <- total + lchoose(arms$n[i], arms$events[i]) + top +
      log(drop(exp(kernel - top) %*% (h * dnorm(z))))
  }
  total
}, mu)
top <- max(log_post)
mass <- exp(log_post - top)
stopifnot(max(mass[c(1, nrow(mass)), ], mass[, ncol(mass)]) < 1e-10, max(mass[, 1]) < 1e-6)
log_evidence <- top + log(sum(mass) * 0.02 * 0.03)
mass <- mass / sum(mass)
tau <- exp(log_tau)

summary_of <- function(mean, square, cdf, range) {
  q <- vapply(probs, function(p) uniroot(function(x) cdf(x) - p, range, tol = 1e-10)$root, 0)
  list(mean = mean, sd = sqrt(square - mean^2),
       quantiles = setNames(as.list(q), paste0("q", 100 * probs)))
}
# Simpson's rule on a spline through the density.
cdf_of <- function(x, p) {
  step <- x[2] - x[1]
  density <- splinefun(x, p / step, method = "natural")
  cells <- step / 6 * (density(x[-length(x)]) + 4 * density(x[-1] - step / 2) + density(x[-1]))
  splinefun(x, cumsum(c(0, cells)), method = "natural")
}
marginal <- function(x, p, coordinate, to) {
  cdf <- cdf_of(coordinate, p)
  summary_of(sum(p * x), sum(p * x^2), function(v) cdf(to(v)), range(x))
}

nodes <- seq(-8, 8, by = 0.1)
rates <- function(power) {
  sum(mass * vapply(tau, function(t) {
    drop(plogis(outer(mu, t * nodes, "+"))^power %*% (0.1 * dnorm(nodes)))
  }, mu))
}
new_study <- summary_of(rates(1), rates(2), function(rate) {
  sum(mass * pnorm(outer(qlogis(rate) - mu, tau, "/")))
}, c(1e-6, 1 - 1e-6))

exact <- list(mu = marginal(mu, rowSums(mass), mu, identity),
              tau = marginal(tau, colSums(mass), log_tau, log),
              new_study = new_study)

# ---- rstanarm --------------------------------------------------------------------------------

fit <- stan_glmer(cbind(events, n - events) ~ 1 + (1 | study), family = binomial, data = arms,
                  prior_intercept = normal(0, 1.5, autoscale = FALSE),
                  prior_covariance = decov(regularization = 1, concentration = 1, shape = 1, scale = 1),
                  chains = 4, iter = 10000, warmup = 5000, seed = 20240601, adapt_delta = 0.999,
                  refresh = 0, cores = 1)
draws <- as.array(fit)
drawn <- list(mu = draws[, , "(Intercept)"],
              tau = sqrt(draws[, , "Sigma[study:(Intercept),(Intercept)]"]))
set.seed(20240601)
drawn$new_study <- plogis(drawn$mu + drawn$tau * rnorm(length(drawn$mu)))
sampled <- lapply(drawn, function(x) {
  list(mean = mean(x), mcse_mean = mcse_mean(x),
       quantiles = setNames(as.list(unname(quantile2(x, probs))), paste0("q", 100 * probs)),
       mcse_quantiles = setNames(as.list(unname(mcse_quantile(x, probs))), paste0("q", 100 * probs)))
})
for (name in names(exact)) {
  stopifnot(
    abs(sampled[[name]]$mean - exact[[name]]$mean) < 4 * sampled[[name]]$mcse_mean,
    abs(unlist(sampled[[name]]$quantiles) - unlist(exact[[name]]$quantiles)) <
      4 * unlist(sampled[[name]]$mcse_quantiles))
}

versions <- c("rstanarm", "rstan", "posterior", "jsonlite")
result <- list(
  about = "Written by left_main.R, which says what it is.",
  r = R.version.string,
  packages = as.list(setNames(vapply(versions, function(p) as.character(packageVersion(p)), ""), versions)),
  arms = as.list(arms),
  log_evidence = log_evidence, posterior = exact, rstanarm = sampled)
writeLines(jsonlite::toJSON(result, auto_unbox = TRUE, digits = NA, pretty = 2),
           file.path(here, "left_main.json"), useBytes = TRUE)
