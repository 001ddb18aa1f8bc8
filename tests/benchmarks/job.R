# What the three fits share: the arguments, the data, what is reported. Sourced by fit_*.R, which are
# run as   Rscript fit_<package>.R DATA.csv RESULT.csv CHAINS WARMUP DRAWS CORES SEED REFITS

given <- commandArgs(trailingOnly = TRUE)
numbers <- as.integer(given[3:8])
job <- list(data = given[1], result = given[2], chains = numbers[1], warmup = numbers[2],
            draws = numbers[3], cores = numbers[4], seed = numbers[5], refits = numbers[6])

arms <- read.csv(job$data, colClasses = c(study = "character"))
arms$regimen_class <- relevel(factor(arms$regimen_class), ref = "ven_hma")

# Wall seconds of each of the refits that were asked for; `refit` is called with a seed.
seconds_of_refits <- function(refit) {
  vapply(seq_len(job$refits),
         function(i) system.time(refit(job$seed + i))[["elapsed"]], 0)
}

# Seconds that the chains of a Stan fit took between them, warm-up included, without what R does around.
seconds_of_chains <- function(stanfit) sum(rstan::get_elapsed_time(stanfit))

# draws: iterations by chains by parameters (the coefficients and tau)
smallest_ess <- function(draws) min(apply(draws, 3, posterior::ess_bulk))

# values: named numbers, one row each
write_result <- function(values) {
  values$R <- as.character(getRversion())
  write.csv(data.frame(name = names(values), value = unlist(values)), job$result,
            row.names = FALSE, quote = FALSE)
}

version_of <- function(package) as.character(packageVersion(package))
