# What the scripts that sample posteriors share: where their files are, how draws are summarised, and
# how the results are written. Sourced by them, from the project root; on its own it does nothing.

suppressPackageStartupMessages(library(posterior))
options(warn = 1, mc.cores = 1)

beside <- function(name) file.path("tests/reference/r", name)

probs <- c(0.025, 0.25, 0.5, 0.75, 0.975)

by_percentage <- function(x) setNames(as.list(unname(x)), paste0("q", 100 * probs))

summarise <- function(x) {           # x: iterations by chains
  list(mean = mean(x), sd = sd(x), quantiles = by_percentage(quantile2(x, probs)),
       mcse_mean = mcse_mean(x), mcse_sd = mcse_sd(x),
       mcse_quantiles = by_percentage(mcse_quantile(x, probs)),
       ess_bulk = ess_bulk(x), ess_tail = ess_tail(x), rhat = rhat(x))
}

divergences <- function(fit) {       # of a fit by rstanarm
  sampler <- rstan::get_sampler_params(fit$stanfit, inc_warmup = FALSE)
  sum(vapply(sampler, function(s) sum(s[, "divergent__"]), 0))
}

student_t_prior <- list(distribution = "student_t", nu = 3, location = 0, scale = 1.5)
gamma_prior <- list(distribution = "gamma", shape = 2, rate = 4)

write_reference <- function(name, about, packages, priors, results, ...) {
  about <- paste(
    about, "Quantiles are named by their percentage; every mcse_* is the Monte Carlo standard error",
    "of the number it belongs to (posterior package).")
  versions <- vapply(packages, function(p) as.character(packageVersion(p)), "")
  reference <- list(about = about, r = R.version.string,
                    packages = as.list(setNames(versions, packages)), priors = priors,
                    results = results, ...)
  writeLines(jsonlite::toJSON(reference, auto_unbox = TRUE, digits = NA, pretty = 2),
             beside(name), useBytes = TRUE)
}
