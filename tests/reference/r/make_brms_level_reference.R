# Reference results for exchangeable levels that rstanarm cannot fit, from brms.
#
# Which question each result answers
#   orr_student      What are the posteriors of mu, sigma, tau and the effects of classes of regimen, and
#                    the log-odds of a class that no study has, if the effects follow Student's t with 4
#                    degrees of freedom? The bundled evidence.
#   smoking_student  The same of four treatments compared within 24 trials (crossed).
#   orr_nested       The same of arms nested in classes of regimen, both normal; and the log-odds of a new
#                    arm of each class.
#
# Model:   events ~ Binomial(n), logit link
#          student:  0 + Intercept + (1 | gr(<level>, dist = "student")) + (1 | study)
#          nested:   0 + Intercept + (1 | <outer> / <inner>) + (1 | study)
# Priors:  mu ~ StudentT(3, 0, 1.5); each sigma (scale of levels) and tau (sd of studies)
#          ~ Gamma(shape 2, rate 4), mean 0.5, independent; nu = 4, fixed.
# Centring: brms puts the prior of an `Intercept` on the centred scale; `0 + Intercept` makes it a
# coefficient with the prior of mu itself.
# gr(dist = "student"): effects are sd * sqrt(nu * w) * z with w inverse chi-squared (nu) and z normal:
# sd is the scale of Student's t, not its standard deviation.
# A new level: mu and draws, made here, of the distributions of the levels; studies are at zero.
#
# Packages (Debian):  apt-get install r-base-core r-cran-brms r-cran-bh r-cran-rcppeigen
#                       libtbb-dev libboost-dev
# Debian's BH has no headers of its own: `ln -s /usr/include/boost` inside its folder `include`.
# Run from the project root (about five minutes, most of it compilation), after make_level_reference.R;
# writes brms_level_reference.json next to this file:
#   Rscript tests/reference/r/make_brms_level_reference.R

suppressPackageStartupMessages(library(brms))
source("tests/reference/r/posteriors.R")

# ---- fits -----------------------------------------------------------------------------------

nu <- 4
chains <- 4

by_chain <- function(x) matrix(x, ncol = chains)    # draws of one chain follow each other

compiled <- list()

# The same model of other data is not compiled again: columns of levels have one name in all.
fit_model <- function(file, columns, terms, more_priors, seed) {
  d <- read.csv(beside(file), colClasses = c(study = "character"))
  for (name in names(columns)) d[[name]] <- d[[columns[[name]]]]
  formula <- sprintf("events | trials(n) ~ 0 + Intercept + %s + (1 | study)", terms)
  priors <- c(set_prior("student_t(3, 0, 1.5)", class = "b", coef = "Intercept"),
              set_prior("gamma(2, 4)", class = "sd"), more_priors)
  settings <- list(chains = chains, iter = 3500, warmup = 1000, seed = seed,
                   control = list(adapt_delta = 0.99), refresh = 0)
  fit <- if (is.null(compiled[[terms]])) {
    do.call(brm, c(list(as.formula(formula), family = binomial(), data = d, prior = priors), settings))
  } else {
    do.call(update, c(list(compiled[[terms]], newdata = d, recompile = FALSE), settings))
  }
  compiled[[terms]] <<- fit
  draws <- as_draws_array(fit)
  sampler <- nuts_params(fit)
  pick <- function(name) matrix(draws[, , name], ncol = chains)
  list(fit = fit, pick = pick, file = file, formula = formula, seed = seed, data = d,
       divergences = sum(sampler$Value[sampler$Parameter == "divergent__"]))
}

effects_of <- function(one, group) {
  drawn <- ranef(one$fit, summary = FALSE)[[group]]
  levels <- sort(dimnames(drawn)[[2]])
  lapply(setNames(levels, levels), function(level) by_chain(drawn[, level, 1]))
}

result <- function(one, levels, posterior, effects, new) {
  list(file = one$file, levels = levels, formula = one$formula, seed = one$seed,
       divergences = one$divergences, posterior = lapply(posterior, summarise),
       effects = lapply(effects, summarise), new_level = lapply(new, summarise))
}

sd_of <- function(one, group) one$pick(sprintf("sd_%s__Intercept", group))

fit_student <- function(file, level, seed) {
  fixed <- set_prior(sprintf("constant(%d)", nu), class = "df", group = "outer")
  one <- fit_model(file, list(outer = level), '(1 | gr(outer, dist = "student"))', fixed, seed)
  stopifnot(all(one$pick("df_outer") == nu))
  mu <- one$pick("b_Intercept")
  sigma <- sd_of(one, "outer")
  set.seed(seed)
  result(one, I(level), list(mu = mu, sigma = sigma, tau = sd_of(one, "study")),
         effects_of(one, "outer"), list(new = mu + sigma * rt(length(sigma), nu)))
}

fit_nested <- function(file, outer, inner, seed) {
  one <- fit_model(file, list(outer = outer, inner = inner), "(1 | outer / inner)", NULL, seed)
  mu <- one$pick("b_Intercept")
  sigma <- sd_of(one, "outer")
  inside <- sd_of(one, "outer:inner")
  effects <- effects_of(one, "outer")
  set.seed(seed)
  new <- list(new = mu + sigma * rnorm(length(sigma)) + inside * rnorm(length(inside)))
  for (level in names(effects))
    new[[level]] <- mu + effects[[level]] + inside * rnorm(length(inside))
  result(one, c(outer, inner),
         list(mu = mu, sigma = sigma, sigma_inside = inside, tau = sd_of(one, "study")),
         effects, new)
}

results <- list(
  orr_student = fit_student("orr.csv", "regimen_class", 20240701),
  smoking_student = fit_student("smoking.csv", "treatment", 20240702),
  orr_nested = fit_nested("orr.csv", "regimen_class", "arm", 20240704))

for (name in names(results)) {
  each <- do.call(c, unname(results[[name]][c("posterior", "effects", "new_level")]))
  print(c(rhat = max(vapply(each, function(x) x$rhat, 0)), ess = min(vapply(each, function(x) x$ess_bulk, 0)),
          divergences = results[[name]]$divergences))
  stopifnot(vapply(each, function(x) x$rhat < 1.01 && x$ess_bulk > 1500, TRUE))
}

# ---- write ----------------------------------------------------------------------------------

write_reference(
  "brms_level_reference.json",
  about = paste(
    "Posteriors of models with exchangeable levels, written by make_brms_level_reference.R. All are on",
    "the logit scale; `effects` are those of the levels (outer ones where two are nested). `new_level`",
    "is mu and the effects of levels that no arm has: `new` of all levels, otherwise of an inner level",
    "of the outer one named."),
  packages = c("brms", "rstan", "StanHeaders", "posterior", "jsonlite"),
  priors = list(mu = student_t_prior, sigma = gamma_prior, tau = gamma_prior, nu = nu),
  results = results)
