# Prints the numbers of published.json that RBesT 1.9-0 gives for published mixtures.
library(RBesT)
options(digits = 10)

map <- mixbeta(
  c(0.4612914, 33.9513487, 103.0146367), c(0.1917812, 19.4400089, 41.5205219),
  c(0.1893896, 12.2692310, 55.9202833), c(0.1575378, 2.2521243, 5.4812202)
)
map_robust <- robustify(map, weight = 0.2, mean = 1 / 2)
stanvar <- mixbeta(c(0.62, 19.2, 57.8), c(0.38, 3.5, 9.4))

for (mixture in list(map, map_robust, stanvar)) {
  print(sapply(c("elir", "moment", "morita"), function(method) ess(mixture, method)))
  print(summary(mixture))
}
posterior <- postmix(map_robust, r = 1, n = 6)
print(posterior)
print(summary(posterior))
