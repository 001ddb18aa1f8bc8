// Figures as SVG, drawn at the width of their place, so that letters have one size on a desk and on a phone.

const HEIGHT = 270;
const MARGIN = { left: 52, right: 14, top: 12, bottom: 44 };
// Each prior has a stroke of its own besides its colour, for printers without colours and colour-blind readers.
const LOOKS = ["map", "robust", "none"];

const drawn = (parent, tag, attributes, text) => {
  // An element of the page gives the namespace, which would otherwise be the only address in this file.
  const node = document.createElementNS(parent.namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
};

// Round numbers from low to high, about as many as asked for.
const ticksOf = (low, high, count, whole = false) => {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const spacing = whole ? Math.max(Math.round(step), 1) : step;
  const first = Math.ceil(low / spacing);
  const last = Math.floor(high / spacing + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * spacing).toPrecision(12)));
};

// An empty graph with axes: what is drawn in it, and where numbers lie. `told` is the figure in a sentence.
const graphOf = (svg, { x, y, xTitle, yTitle, told, whole = true }) => {
  const width = Math.max(svg.parentElement.clientWidth, 260);
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.replaceChildren();
  svg.setAttribute("aria-label", told);
  const right = width - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const across = (value) => MARGIN.left + ((value - x[0]) / (x[1] - x[0])) * (right - MARGIN.left);
  const up = (value) => bottom - ((value - y[0]) / (y[1] - y[0])) * (bottom - MARGIN.top);
  for (const tick of ticksOf(...y, 5, false)) {
    drawn(svg, "line", { class: "grid", x1: MARGIN.left, x2: right, y1: up(tick), y2: up(tick) });
    drawn(svg, "text", { x: MARGIN.left - 6, y: up(tick) + 4, "text-anchor": "end" }, tick);
  }
  for (const tick of ticksOf(...x, Math.min(width / 70, 10), whole)) {
    drawn(svg, "line", { class: "axis", x1: across(tick), x2: across(tick), y1: bottom, y2: bottom + 4 });
    drawn(svg, "text", { x: across(tick), y: bottom + 17, "text-anchor": "middle" }, tick);
  }
  drawn(svg, "line", { class: "axis", x1: MARGIN.left, x2: right, y1: bottom, y2: bottom });
  drawn(svg, "text", { x: (MARGIN.left + right) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, xTitle);
  const middle = (MARGIN.top + bottom) / 2;
  const turned = { x: 0, y: 0, transform: `translate(12 ${middle}) rotate(-90)`, "text-anchor": "middle" };
  drawn(svg, "text", turned, yTitle);
  return { svg, across, up, bottom, right };
};

const lineOf = ({ svg, across, up }, look, points) => {
  const path = points.map(([x, y], i) => `${i ? "L" : "M"}${across(x).toFixed(2)} ${up(y).toFixed(2)}`);
  drawn(svg, "path", { class: `line ${look}`, d: path.join("") });
};

const uprightOf = ({ svg, across, bottom }, look, x) =>
  drawn(svg, "line", { class: look, x1: across(x), x2: across(x), y1: MARGIN.top, y2: bottom });

// Width of bars (pixels) below which an outline would fill them, and points would be a thick line.
const NARROW = 4;

// Predictive distribution of the responders: bars under the MAP prior, points or a line under the robust one.
const drawPredictive = (svg, answer) => {
  const { n, pmf, trials, conflict } = answer;
  const robust = predictive(trials[1].prior, n);
  const highest = 100 * Math.max(...pmf, ...robust);
  const graph = graphOf(svg, {
    x: [-0.5, n + 0.5],
    y: [0, 1.08 * highest],
    xTitle: `Responders of ${n}`,
    yTitle: "Probability (%)",
    told: `Predictive distribution of the responders. ${successText(trials[1].runs, n)} succeed. ${conflictText(conflict, n)}`,
  });
  const { across, up, bottom } = graph;
  for (const [first, last] of trials[1].runs) {
    const left = across(first - 0.5);
    const box = { x: left, width: across(last + 0.5) - left, y: MARGIN.top, height: bottom - MARGIN.top };
    drawn(svg, "rect", { class: "succeeding", ...box });
  }
  const wide = Math.max((across(1) - across(0)) * 0.8, 0.8);
  pmf.forEach((each, y) => {
    const top = up(100 * each);
    const look = conflict[y].conflict ? `bar ${wide < NARROW ? "pale" : "hollow"}` : "bar";
    drawn(svg, "rect", { class: look, x: across(y) - wide / 2, width: wide, y: top, height: bottom - top });
  });
  if (wide < NARROW) {
    lineOf(graph, "none", robust.map((each, y) => [y, 100 * each]));
    return;
  }
  const radius = Math.min(wide / 3, 3);
  robust.forEach((each, y) => drawn(svg, "circle", { class: "point", cx: across(y), cy: up(100 * each), r: radius }));
};

// Smallest number of responders that succeeds, by patients; or the largest, where success asks for low rates.
const drawBoundary = (svg, answer, most) => {
  const { n, conditions, trials } = answer;
  const above = directionOf(conditions) === ">";
  const edges = trials.map(({ prior }) => boundariesOf(prior, conditions, most));
  // Where no number succeeds, there is no boundary.
  const kept = edges.map((own) => own.map((edge, i) => [i + 1, edge]).filter(([size, edge]) => edge >= 0 && edge <= size));
  const graph = graphOf(svg, {
    x: [0, most + 0.5],
    y: [0, Math.max(...kept.flat().map(([, edge]) => edge), 1)],
    xTitle: "Patients (n)",
    yTitle: "Responders",
    told:
      `${above ? "Smallest" : "Largest"} number of responders that succeeds, for 1 to ${most} patients. ` +
      `With ${n} patients: ${trials.map((each) => `${each.name} ${successText(each.runs, n)}`).join("; ")}.`,
  });
  uprightOf(graph, "chosen", n);
  kept.forEach((points, i) => {
    const steps = points.flatMap(([size, edge]) => [[size - 0.5, edge], [size + 0.5, edge]]);
    lineOf(graph, LOOKS[i], steps);
  });
};

// True rates at which curves may end, as of rare events, and the probability of success that is left beyond them.
const ZOOMS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const FLAT = 0.001;
const highestRate = ({ n, trials, thresholds }) => {
  const flat = (runs, rate) => Math.abs(successAt(runs, n, 1) - successAt(runs, n, rate)) < FLAT;
  const all = (rate) => thresholds.every(({ value }) => value <= rate) && trials.every(({ runs }) => flat(runs, rate));
  return ZOOMS.find(all) ?? 1;
};

// Probability of success by true rate, with each prior.
const drawPower = (svg, answer) => {
  const { n, trials, thresholds } = answer;
  const highest = highestRate(answer);
  const rates = Array.from({ length: 201 }, (_, i) => (highest * i) / 200);
  const tested = thresholds[0];
  const graph = graphOf(svg, {
    x: [0, 100 * highest],
    whole: highest === 1,
    y: [0, 100],
    xTitle: "True response rate (%)",
    yTitle: "Probability of success (%)",
    told:
      `Probability of success by true rate, from 0 to ${100 * highest}%. At ${tested.value}, the null, with the robust prior: ` +
      `${percent(tested.success[1])}.`,
  });
  for (const { value } of thresholds) uprightOf(graph, "threshold", 100 * value);
  trials.forEach(({ runs }, i) => {
    lineOf(graph, LOOKS[i], rates.map((rate) => [100 * rate, 100 * successAt(runs, n, rate)]));
    const place = { cx: graph.across(100 * tested.value), cy: graph.up(100 * tested.success[i]), r: 4 };
    drawn(svg, "circle", { class: `mark ${LOOKS[i]}`, ...place });
  });
};

// Probability of success averaged over the MAP prior, and type-I error, by patients; with the robust prior.
const drawSizes = (svg, answer, most, distributions) => {
  const { n, conditions, trials, thresholds } = answer;
  const above = directionOf(conditions) === ">";
  const edges = boundariesOf(trials[1].prior, conditions, most);
  const tested = thresholds[0].value;
  const rows = edges.map((edge, i) => {
    const size = i + 1;
    const run = above ? [edge, size] : [0, edge];
    const runs = run[0] > run[1] ? [] : [run];
    const expected = sum(distributions(size).slice(run[0], run[1] + 1));
    return { size, expected, error: successAt(runs, size, tested) };
  });
  const graph = graphOf(svg, {
    x: [0, most],
    y: [0, 100],
    xTitle: "Patients (n)",
    yTitle: "Probability (%)",
    told:
      `Probability of success and type-I error for 1 to ${most} patients. With ${n} patients: ` +
      `${percent(trials[1].expected)} and ${percent(thresholds[0].success[1])}.`,
  });
  uprightOf(graph, "chosen", n);
  lineOf(graph, "map", rows.map(({ size, expected }) => [size, 100 * expected]));
  lineOf(graph, "robust", rows.map(({ size, error }) => [size, 100 * error]));
};
