# Reference results for exchangeable levels in binomial-logit meta-analysis, from rstanarm.
#
# Which question each result answers
#   orr       What are the posteriors of mu, sigma, tau and the effect of each class of regimen, and
#             the log-odds of a class that no study has, on the bundled evidence?
#   cbpp      The same of four periods, each observed in most of 15 herds (crossed).
#   smoking   The same of four treatments compared within 24 trials (crossed).
#
# Model:   events ~ Binomial(n), logit link;  1 + (1 | <level>) + (1 | study)
# Priors:  intercept ~ StudentT(3, 0, 1.5);  sigma (sd of the levels) and tau (sd of the studies)
#          ~ Gamma(shape 2, rate 4), mean 0.5, independent.
# decov(): each covariance matrix is one-by-one, has no regularization or concentration, and its
# standard deviation is scale * Gamma(shape, 1) (see make_bayesian_reference.R, which checks it).
# Without coefficients nothing is centred: the prior of the intercept is that of mu.
# A new level: mu + sigma * z with z ~ Normal(0, 1) drawn here; studies are at zero.
#
# Packages (Debian):  apt-get install r-base-core r-cran-rstanarm r-cran-metadat
# Run from the project root (about a minute); writes smoking.csv and level_reference.json next to
# this file:
#   Rscript tests/reference/r/make_level_reference.R

suppressPackageStartupMessages(library(rstanarm))
source("tests/reference/r/posteriors.R")

# ---- data -----------------------------------------------------------------------------------

write_smoking <- function() {
  d <- metadat::dat.hasselblad1998
  stopifnot(nrow(d) == 50, length(unique(d$study)) == 24, sum(d$xi) == 2082,
            sum(d$ni) == 16740)
  out <- data.frame(study = d$study, arm = ave(d$study, d$study, FUN = seq_along), events = d$xi,
                    n = d$ni, treatment = d$trt)
  write.csv(out, beside("smoking.csv"), row.names = FALSE, quote = FALSE)
}
write_smoking()

# ---- fits -----------------------------------------------------------------------------------

fit_levels <- function(file, level, seed) {
  d <- read.csv(beside(file), colClasses = c(study = "character"))
  formula <- as.formula(sprintf("cbind(events, n - events) ~ 1 + (1 | %s) + (1 | study)", level))
  fit <- stan_glmer(formula, family = binomial, data = d,
                    prior_intercept = student_t(3, 0, 1.5, autoscale = FALSE),
                    prior_covariance = decov(regularization = 1, concentration = 1, shape = 2,
                                             scale = 0.25),
                    chains = 4, iter = 5000, warmup = 1000, seed = seed, adapt_delta = 0.98,
                    refresh = 0)
  draws <- as.array(fit)             # iterations by chains by parameters
  pick <- function(name) draws[, , name]
  sd_of <- function(group) sqrt(pick(sprintf("Sigma[%s:(Intercept),(Intercept)]", group)))
  mu <- pick("(Intercept)")
  sigma <- sd_of(level)
  levels <- sort(unique(d[[level]]))
  set.seed(seed)
  list(
    file = file, level = level, formula = deparse1(formula), seed = seed,
    divergences = divergences(fit),
    posterior = list(mu = summarise(mu), sigma = summarise(sigma), tau = summarise(sd_of("study"))),
    effects = lapply(setNames(levels, levels),
                     function(one) summarise(pick(sprintf("b[(Intercept) %s:%s]", level, one)))),
    new_level = summarise(mu + sigma * rnorm(length(sigma))))
}

results <- list(
  orr = fit_levels("orr.csv", "regimen_class", 20240601),
  cbpp = fit_levels("cbpp.csv", "period", 20240602),
  smoking = fit_levels("smoking.csv", "treatment", 20240603))

for (one in results) {
  each <- c(one$posterior, one$effects, list(one$new_level))
  stopifnot(vapply(each, function(x) x$rhat < 1.01 && x$ess_bulk > 1500, TRUE))
}

# ---- write ----------------------------------------------------------------------------------

write_reference(
  "level_reference.json",
  about = paste(
    "Posteriors of models with exchangeable levels, written by make_level_reference.R. All are on the",
    "logit scale; `effects` are those of the levels, `new_level` is mu and the effect of a level that",
    "no arm has."),
  packages = c("rstanarm", "rstan", "StanHeaders", "lme4", "posterior", "metadat", "jsonlite"),
  priors = list(mu = student_t_prior, sigma = gamma_prior, tau = gamma_prior),
  results = results)
