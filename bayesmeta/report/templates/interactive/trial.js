// A trial of one arm, as `SingleArmTrial` and `prior_data_conflict` have it: all numbers of responders are enumerated.
// A mixture is { weights, a, b }; a condition is { threshold, certainty, direction }.

const UNIFORM = { weights: [1], a: [1], b: [1] };
const sum = (values) => values.reduce((total, each) => total + each, 0);

// The prior with a vague component of this weight.
const robustified = (prior, vague, weight) => ({
  weights: [...prior.weights.map((each) => (1 - weight) * each), ...vague.weights.map((each) => weight * each)],
  a: [...prior.a, ...vague.a],
  b: [...prior.b, ...vague.b],
});

// Log of weight and beta functions of each component after y responders of n.
const logShares = (prior, n, y) =>
  prior.weights.map(
    (weight, i) =>
      Math.log(weight) + logBeta(prior.a[i] + y, prior.b[i] + n - y) - logBeta(prior.a[i], prior.b[i]),
  );

// Probabilities of 0 to n responders.
const predictive = (prior, n) =>
  Array.from({ length: n + 1 }, (_, y) => {
    const ways = logChoose(n, y);
    return sum(logShares(prior, n, y).map((each) => Math.exp(ways + each)));
  });

// Posterior probability, after y responders of n, of what a condition asks.
const posteriorProbability = (prior, n, y, condition) => {
  const logs = logShares(prior, n, y);
  const largest = Math.max(...logs);
  const shares = logs.map((each) => Math.exp(each - largest));
  const above = condition.direction === ">";
  const tails = shares.map(
    (share, i) => share * betaTail(prior.a[i] + y, prior.b[i] + n - y, condition.threshold, above),
  );
  return sum(tails) / sum(shares);
};

// What rounding leaves of two probabilities that are the same. Equal to the certainty is not above it, as 0.75 after one
// responder of one with a uniform prior and a threshold of 0.5. As `TIE` in bayesmeta/planning/certainty.py.
const TIE = 1e-12;
const succeeds = (prior, n, y, conditions) =>
  conditions.every((each) => posteriorProbability(prior, n, y, each) - each.certainty > TIE);

// Whether 0 to n responders succeed.
const successesOf = (prior, n, conditions) =>
  Array.from({ length: n + 1 }, (_, y) => succeeds(prior, n, y, conditions));

// Runs of neighbouring counts that succeed: the first of each, and the last.
const runsOf = (marked) => {
  const runs = [];
  marked.forEach((mark, y) => {
    if (mark && !marked[y - 1]) runs.push([y, y]);
    if (mark) runs[runs.length - 1][1] = y;
  });
  return runs;
};

// Probability of success for a true rate.
const successAt = (runs, n, rate) =>
  sum(runs.map(([first, last]) => Math.max(binomialTail(first, n, rate) - binomialTail(last + 1, n, rate), 0)));

// Probability of success averaged over what a distribution predicts.
const expectedSuccess = (successes, pmf) => Math.min(sum(pmf.filter((_, y) => successes[y])), 1);

// The condition that tests: the most certain one, of several the hardest; see `Success.null`.
const nullOf = (conditions) => {
  const hardness = ({ certainty, direction, threshold }) =>
    direction === ">" ? [certainty, 1, threshold] : [certainty, 0, -threshold];
  const harder = (one, other) => {
    const [a, b] = [hardness(one), hardness(other)];
    const at = a.findIndex((value, i) => value !== b[i]);
    return at >= 0 && a[at] > b[at];
  };
  return conditions.reduce((hardest, each) => (harder(each, hardest) ? each : hardest));
};

// Null value, then decision values in rising order.
const thresholdsOf = (conditions) => {
  const value = nullOf(conditions).threshold;
  const others = new Set(conditions.map((each) => each.threshold).filter((each) => each !== value));
  const rising = [...others].sort((a, b) => a - b);
  return [{ name: "null", value }, ...rising.map((each) => ({ name: "decision value", value: each }))];
};

// True rates of tables where none are asked for: tenths, of rare events smaller ones, and the thresholds.
const ratesOf = (conditions) => {
  const thresholds = conditions.map((each) => each.threshold);
  const scale = 10 ** Math.min(Math.ceil(Math.log10(2 * Math.max(...thresholds))), 0);
  const tenths = Array.from({ length: 9 }, (_, i) => Number((((i + 1) / 10) * scale).toFixed(15)));
  return [...new Set([...tenths, ...thresholds])].sort((a, b) => a - b);
};

const CONFLICT = 0.05;
// Relative difference within which two counts are as probable as each other.
const SAME = 1e-9;

// Tail probabilities of every number of responders under a prior, and whether it conflicts with it.
const conflictOf = (pmf) => {
  const low = [];
  pmf.forEach((each, y) => low.push(each + (low[y - 1] ?? 0)));
  const high = [];
  for (let y = pmf.length - 1; y >= 0; y -= 1) high[y] = pmf[y] + (high[y + 1] ?? 0);
  const rising = [...pmf].sort((a, b) => a - b);
  const upTo = [0];
  rising.forEach((each, i) => upTo.push(upTo[i] + each));
  return pmf.map((each, y) => {
    const twoSided = Math.min(2 * Math.min(low[y], high[y]), 1);
    const midP = Math.min(2 * Math.min(low[y] - each / 2, high[y] - each / 2), 1);
    const beyond = rising.findIndex((other) => other > each * (1 + SAME));
    const box = Math.min(upTo[beyond < 0 ? rising.length : beyond], 1);
    return { twoSided, midP, box, conflict: twoSided < CONFLICT };
  });
};

// The direction of all conditions; null where they differ, so that there are two boundaries.
const directionOf = (conditions) => {
  const found = new Set(conditions.map((each) => each.direction));
  return found.size === 1 ? conditions[0].direction : null;
};

// Of trials of 1 to `most` patients, the smallest number that succeeds (n + 1 where none does), or, where success asks
// for low rates, the largest (-1 where none does). One more patient moves it by 0 or 1: a responder more makes high
// rates more probable, and a patient without response low ones, whatever the prior.
const boundariesOf = (prior, conditions, most) => {
  const above = directionOf(conditions) === ">";
  const found = [];
  let edge = succeeds(prior, 0, 0, conditions) ? 0 : above ? 1 : -1;
  for (let n = 1; n <= most; n += 1) {
    if (above) edge += succeeds(prior, n, edge, conditions) ? 0 : 1;
    else edge += succeeds(prior, n, edge + 1, conditions) ? 1 : 0;
    found.push(edge);
  }
  return found;
};

// All that the page tells of a setting { profile, n, weight, conditions }.
const PRIORS = ["MAP", "robust", "no borrowing"];
const answerOf = (data, setting) => {
  const { n, weight, conditions } = setting;
  const prior = data.profiles.find((each) => each.label === setting.profile);
  const priors = [prior, robustified(prior, data.vague, weight), UNIFORM];
  const pmf = predictive(prior, n);
  const trials = priors.map((each, i) => {
    const successes = successesOf(each, n, conditions);
    const runs = runsOf(successes);
    return { name: PRIORS[i], prior: each, successes, runs, expected: expectedSuccess(successes, pmf) };
  });
  const thresholds = thresholdsOf(conditions).map((each) => ({
    ...each,
    success: trials.map(({ runs }) => successAt(runs, n, each.value)),
  }));
  return { n, conditions, priors, trials, pmf, thresholds, conflict: conflictOf(pmf) };
};
