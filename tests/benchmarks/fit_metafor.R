# The model by maximum likelihood in metafor: no priors, no draws, and an effect for each arm rather
# than each study, which is all that rma.glmm has. A yardstick for time, and roughly for mu and tau.

suppressPackageStartupMessages(library(metafor))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "job.R"))

fitted_with <- function(seed) {
  rma.glmm(measure = "PLO", xi = events, ni = n, mods = ~ regimen_class, data = arms)
}

fit <- fitted_with(job$seed)
print(summary(fit))
seconds <- seconds_of_refits(fitted_with)
write_result(list(version = version_of("metafor"), mu = fit$beta[1], tau = sqrt(fit$tau2),
                  refit = median(seconds)))
