# The benchmark's model in rstanarm, whose Stan programs are compiled when the package is built.
#
# rstanarm has no half-normal prior of tau: decov(shape = 1, scale = s) is Exponential with mean s,
# and s is the mean of HalfNormal(1). It puts StudentT(3, 0, 1.5) on the log-odds at the mean of the
# covariates instead of on the reference class.

suppressPackageStartupMessages(library(rstanarm))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "job.R"))

fitted_with <- function(seed) {
  stan_glmer(cbind(events, n - events) ~ regimen_class + (1 | study), family = binomial, data = arms,
             prior_intercept = student_t(3, 0, 1.5, autoscale = FALSE),
             prior = normal(0, 1, autoscale = FALSE),
             prior_covariance = decov(shape = 1, scale = sqrt(2 / pi)),
             chains = job$chains, warmup = job$warmup, iter = job$warmup + job$draws,
             cores = job$cores, seed = seed, refresh = 0)
}

fit <- fitted_with(job$seed)
print(summary(fit, regex_pars = "Intercept|regimen_class|Sigma", probs = c(0.025, 0.975)))
seconds <- seconds_of_refits(function(seed) fit <<- fitted_with(seed))

draws <- as.array(fit, regex_pars = "^\\(Intercept\\)$|^regimen_class|^Sigma")
variance <- grep("^Sigma", dimnames(draws)[[3]])
draws[, , variance] <- sqrt(draws[, , variance])
write_result(list(version = version_of("rstanarm"), mu = mean(draws[, , "(Intercept)"]),
                  tau = mean(draws[, , variance]), ess = smallest_ess(draws),
                  refit = median(seconds), chains = seconds_of_chains(fit$stanfit)))
