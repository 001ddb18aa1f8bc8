# Reference results for survival: medians and landmarks with intervals, by metafor and survival.
#
# Which question each result answers
#   os_medians    What is the pooled log median of the bundled evidence's medians with an interval?
#   lung_medians  The same of the medians of patients with lung cancer by institution, whose intervals
#                 are those of Brookmeyer and Crowley.
#   lung_landmarks  What is the pooled complementary log-log survival at 12 months by institution? Its
#                 standard errors are Greenwood's; intervals are on the plain, log and log-log scale.
#   made_*        Both for 12 studies of patients simulated here, which differ (lung's do not: tau is 0).
#
# Model:   y_i ~ Normal(mu + u_i, s_i), u_i ~ Normal(0, tau); by rma(method = "ML") and "REML".
# Data:    os_medians.csv, the bundled evidence (one arm of each study); `lung` of R's survival
#          (Loprinzi et al. 1994), institutions of 8 patients or more.
#
# Packages (Debian):  apt-get install r-base-core r-cran-metafor r-cran-jsonlite (survival comes with R)
# Run from the project root (a second); writes survival_reference.json next to this file:
#   Rscript tests/reference/r/make_survival_reference.R

suppressPackageStartupMessages({
  library(metafor)
  library(survival)
})
options(warn = 1)

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
here <- dirname(normalizePath(script))
z <- qnorm(0.975)

# Of an interval without an upper limit, the lower half.
error_of_median <- function(median, low, high) {
  ifelse(is.na(high), (log(median) - log(low)) / z, (log(high) - log(low)) / (2 * z))
}

pooled <- function(y, s) {
  one <- function(method) {
    fit <- rma(yi = y, sei = s, method = method, control = list(threshold = 1e-12, maxiter = 10000))
    new <- predict(fit)
    list(mu = fit$beta[1], se = fit$se, tau = sqrt(fit$tau2), lower = fit$ci.lb, upper = fit$ci.ub,
         new_lower = new$pi.lb, new_upper = new$pi.ub)
  }
  list(y = y, s = s, ml = one("ML"), reml = one("REML"))
}

os <- read.csv(file.path(here, "os_medians.csv"))
os_medians <- c(as.list(os), pooled(log(os$median), error_of_median(os$median, os$low, os$high)))

# One row per study: its median with the interval of Brookmeyer and Crowley, and S(12) with an interval.
reported <- function(name, months, dead, scale) {
  fit <- survfit(Surv(months, dead) ~ 1, conf.type = scale)
  at <- summary(fit, times = 12, extend = TRUE)
  # The limits of the median are read off the curve's; blank where it does not fall below a half.
  median <- summary(survfit(Surv(months, dead) ~ 1, conf.type = "log-log"))$table
  data.frame(study = name, n = length(months), scale = scale, survival = at$surv,
             error = at$std.err, ci_low = at$lower, ci_high = at$upper,
             median = median[["median"]], low = median[["0.95LCL"]], high = median[["0.95UCL"]])
}

both <- function(rows) {
  stopifnot(!is.na(rows$low))
  # Where an interval is cut off at 0 or 1, its scale is gone.
  kept <- rows[rows$survival > 0 & rows$survival < 1 & rows$ci_low > 0 & rows$ci_high < 1, ]
  list(
    medians = c(as.list(rows[c("study", "n", "median", "low", "high")]),
                pooled(log(rows$median), error_of_median(rows$median, rows$low, rows$high))),
    landmarks = c(as.list(kept[c("study", "n", "scale", "survival", "ci_low", "ci_high")]),
                  pooled(log(-log(kept$survival)),
                         kept$error / (kept$survival * -log(kept$survival))))
  )
}

scales <- c("plain", "log", "log-log")
lung$months <- lung$time * 12 / 365.25
sizes <- table(lung$inst)
institutions <- as.integer(names(sizes)[sizes >= 8])
of_lung <- both(do.call(rbind, lapply(seq_along(institutions), function(i) {
  own <- lung[which(lung$inst == institutions[i]), ]
  reported(paste0("institution", institutions[i]), own$months, own$status == 2, scales[1 + i %% 3])
})))

set.seed(16)
made <- both(do.call(rbind, lapply(1:12, function(i) {
  n <- c(20, 35, 60)[1 + i %% 3]
  time <- 9 * exp(0.5 * rnorm(1)) * (rexp(n) / log(2))^(1 / 1.2)
  followed <- runif(n, 12, 40)
  reported(paste0("made", i), pmin(time, followed), time <= followed, scales[1 + i %% 3])
})))

result <- list(
  packages = lapply(c(metafor = "metafor", survival = "survival"),
                    function(name) as.character(packageVersion(name))),
  os_medians = os_medians,
  lung_medians = of_lung$medians,
  lung_landmarks = of_lung$landmarks,
  made_medians = made$medians,
  made_landmarks = made$landmarks
)
writeLines(jsonlite::toJSON(result, auto_unbox = TRUE, digits = NA, na = "null", pretty = TRUE),
           file.path(here, "survival_reference.json"))
