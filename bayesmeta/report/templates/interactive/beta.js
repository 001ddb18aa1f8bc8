"use strict";
// Beta functions, beta and beta-binomial distributions, in double precision.

// Coefficients of Stirling's series for the log of the gamma function (DLMF 5.11.1).
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
// From here on the next term of the series is below 1e-16.
const LARGE = 10;
const HALF_LOG_TWO_PI = Math.log(2 * Math.PI) / 2;

const stirlingError = (x) => {
  const inverse = 1 / (x * x);
  return STIRLING.reduceRight((sum, term) => sum * inverse + term, 0) / x;
};

// Log of the beta function. Leading terms are combined as ratios, because a difference of three logs of the gamma
// function would lose digits where a and b are large.
const logBeta = (a, b) => {
  // B(a, b) = B(a + 1, b) (a + b) / a, until the series is exact for both.
  let ratio = 1;
  for (; a < LARGE; a += 1) ratio *= (a + b) / a;
  for (; b < LARGE; b += 1) ratio *= (a + b) / b;
  const error = stirlingError(a) + stirlingError(b) - stirlingError(a + b);
  const leading = -(a - 0.5) * Math.log1p(b / a) - b * Math.log1p(a / b) - 0.5 * Math.log(b);
  return leading + HALF_LOG_TWO_PI + error + Math.log(ratio);
};

const logChoose = (n, y) => -Math.log(n + 1) - logBeta(n - y + 1, y + 1);

// Continued fraction of the incomplete beta function (DLMF 8.17.22), by the method of Lentz as modified by Thompson &
// Barnett 1986, doi:10.1016/0021-9991(86)90046-X. It converges quickly where x < (a + 1) / (a + b + 2).
const TINY = 1e-300;
const fraction = (a, b, x) => {
  const away = (value) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1; m < 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    product *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    product *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return product;
};

// Probability that a rate with a beta distribution lies above x (or below it). The smaller side is computed, and the
// other is what is left of 1.
const betaTail = (a, b, x, above) => {
  if (x <= 0 || x >= 1) return above === (x <= 0) ? 1 : 0;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  const low = x < (a + 1) / (a + b + 2);
  const found = low ? (front * fraction(a, b, x)) / a : (front * fraction(b, a, 1 - x)) / b;
  return low === above ? 1 - found : found;
};

// Probability of k or more responders of n, for a true rate.
const binomialTail = (k, n, rate) => {
  if (k <= 0) return 1;
  return k > n ? 0 : betaTail(k, n - k + 1, rate, false);
};
