// Numbers and answers in words, as `bayesmeta plan` prints them.

// A number with so many decimals: of two that are as near the even one, as Python writes it, where `toFixed` takes the
// larger. Only odd multiples of a power of two are as near to both.
const fixed = (value, decimals) => {
  const odd = value * 2 ** (decimals + 1);
  if (!Number.isInteger(odd) || odd % 2 === 0) return value.toFixed(decimals);
  const lower = Math.floor(value * 10 ** decimals);
  return ((lower + (lower % 2)) / 10 ** decimals).toFixed(decimals);
};

// A probability, which is exact, in percent: a decimal, or two digits near 0 and 1. Only what cannot happen is
// 0%. Nothing is 100%: 1 may be a sum that was rounded to it.
const percent = (probability) => {
  if (probability === 0) return "0%";
  const near = Math.min(probability, 1 - probability);
  if (near >= 0.0005) return `${fixed(100 * probability, 1)}%`;
  if (near < 0.00001) return probability < 0.00001 ? "<0.001%" : ">99.999%";
  const decimals = Math.min(1 - Math.floor(Math.log10(100 * near)), 3);
  return `${fixed(100 * probability, decimals)}%`;
};

const conditionText = ({ threshold, certainty, direction }) => `P(rate ${direction} ${threshold}) > ${certainty}`;
const ruleText = (conditions) => conditions.map(conditionText).join(" and ");

// Which numbers of responders succeed, such as "18 or more of 40".
const successText = (runs, n) => {
  if (!runs.length) return `none of 0 to ${n}`;
  const [first, last] = [runs[0][0], runs[runs.length - 1][1]];
  if (runs.length > 1) return `${sum(runs.map(([a, b]) => b - a + 1))} numbers from ${first} to ${last} of ${n}`;
  if (first === 0 && last === n) return `all of 0 to ${n}`;
  if (last === n) return `${first} or more of ${n}`;
  return first === 0 ? `${last} or fewer of ${n}` : `${first} to ${last} of ${n}`;
};

// Which numbers of responders lie outside of what the MAP prior predicts.
const conflictText = (conflict, n) => {
  const within = conflict.findIndex((each) => !each.conflict);
  const most = conflict.findLastIndex((each) => !each.conflict);
  const outside = [...(within > 0 ? [`fewer than ${within}`] : []), ...(most < n ? [`more than ${most}`] : [])];
  if (!outside.length) return `No number of responders of ${n} would conflict with the MAP prior.`;
  const told = outside.join(" or ");
  return `${told[0].toUpperCase()}${told.slice(1)} responders of ${n} would conflict with the MAP prior.`;
};

// The answer in sentences, for the page and for screen readers.
const sentencesOf = (answer) => {
  const { n, trials, thresholds, conflict } = answer;
  const [history, robust] = trials;
  const [tested, ...decisions] = thresholds;
  const alike = String(history.successes) === String(robust.successes);
  return [
    `With the robust prior ${successText(robust.runs, n)} responders succeed.`,
    ...(alike ? ["The MAP prior leads to the same decision at every number of responders."] : []),
    `Probability of success, averaged over the MAP prior: ${percent(robust.expected)}.`,
    `Type-I error (one-sided), at a true rate of ${tested.value}: ${percent(tested.success[1])}.`,
    ...decisions.map((each) => `Success at the decision value, a true rate of ${each.value}: ${percent(each.success[1])}.`),
    conflictText(conflict, n),
  ];
};

// The command that prints the same plan.
const commandOf = (data, setting) => {
  const profile = data.profiles.find((each) => each.label === setting.profile);
  return [
    `bayesmeta plan ${data.run}`,
    ...profile.options,
    `--n ${setting.n}`,
    `--success "${ruleText(setting.conditions)}"`,
    `--weight ${setting.weight}`,
    ...data.options,
  ].join(" ");
};
