# The benchmark's model in brms, which writes a Stan program and has it compiled for each model.
#
# `0 + Intercept` puts the prior of the intercept on the reference class, as bayesmeta does: the
# priors are the same three.

suppressPackageStartupMessages(library(brms))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "job.R"))

# Debian's package of the Boost headers for R leaves them where C++ compilers look.
if (!nzchar(rstan::rstan_options("boost_lib"))) rstan::rstan_options(boost_lib = "/usr/include")

fit <- brm(events | trials(n) ~ 0 + Intercept + regimen_class + (1 | study), family = binomial,
           data = arms,
           prior = c(prior(normal(0, 1), class = b),
                     prior(student_t(3, 0, 1.5), class = b, coef = Intercept),
                     prior(normal(0, 1), class = sd)),
           chains = job$chains, warmup = job$warmup, iter = job$warmup + job$draws,
           cores = job$cores, seed = job$seed, refresh = 0, silent = 2)
print(summary(fit))
seconds <- seconds_of_refits(function(seed) {
  fit <<- update(fit, newdata = arms, recompile = FALSE, chains = job$chains, warmup = job$warmup,
                 iter = job$warmup + job$draws, cores = job$cores, seed = seed, refresh = 0,
                 silent = 2)
})

draws <- as.array(fit, variable = "^b_|^sd_", regex = TRUE)
write_result(list(version = version_of("brms"), mu = mean(draws[, , "b_Intercept"]),
                  tau = mean(draws[, , "sd_study__Intercept"]), ess = smallest_ess(draws),
                  refit = median(seconds), chains = seconds_of_chains(fit$fit)))
