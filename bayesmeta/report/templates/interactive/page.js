// The page: controls, what they lead to, and the address that keeps them.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);

// Patients up to which the figures by patients go: the first that leaves room beyond the trial. Few ends, so that a
// slider that is dragged does not change the axis at every step.
const ENDS = [50, 100, 200, LIMITS.n[1]];
const ROOM = 1.25;
// Milliseconds after the last change before it is spoken and written into the address: a slider that is dragged would
// speak without end, and browsers limit how often an address may change.
const PAUSE = 300;

let setting = settingOf(data, location.hash.slice(1)).setting;

// Predictive distributions of all sizes: they depend on the profile alone, and are kept for it.
const kept = { profile: "", found: [] };
const distributionsOf = (profile) => {
  if (kept.profile !== profile.label) Object.assign(kept, { profile: profile.label, found: [] });
  return (size) => (kept.found[size] ??= predictive(profile, size));
};

const cellsOf = (row, texts, heading = "td") =>
  texts.forEach((text, i) => {
    const cell = document.createElement(i ? heading : "th");
    if (heading === "td" && !i) cell.scope = "row";
    if (i) cell.className = "number";
    cell.textContent = text;
    row.append(cell);
  });

const fill = (body, rows) => {
  body.replaceChildren(
    ...rows.map((texts) => {
      const row = document.createElement("tr");
      cellsOf(row, texts);
      return row;
    }),
  );
};

const tellPower = (answer) => {
  const { n, trials, thresholds } = answer;
  const names = new Map(thresholds.map(({ name, value }, i) => [value, i ? name : "null: type-I error"]));
  const rates = [...new Set([...(data.rates ?? ratesOf(answer.conditions)), ...names.keys()])].sort((a, b) => a - b);
  const rows = rates.map((rate) => [
    `${rate}${names.has(rate) ? `, ${names.get(rate)}` : ""}`,
    ...trials.map(({ runs }) => percent(successAt(runs, n, rate))),
  ]);
  rows.push(["averaged over the MAP prior", ...trials.map(({ expected }) => percent(expected))]);
  fill(at("power-rows"), rows);
};

// One row for each number of responders; made when it is opened, since there may be hundreds.
const tellCounts = (answer) => {
  if (!at("counts").open) return;
  const { n, conditions, trials, pmf, conflict } = answer;
  fill(
    at("count-rows"),
    pmf.map((each, y) => [
      y,
      percent(each),
      conditions.map((one) => percent(posteriorProbability(trials[1].prior, n, y, one))).join(", "),
      trials[1].successes[y] ? "yes" : "no",
      percent(conflict[y].twoSided),
      percent(conflict[y].midP),
      percent(conflict[y].box),
    ]),
  );
};

const drawAll = (answer) => {
  const most = ENDS.find((each) => each >= ROOM * answer.n) ?? LIMITS.n[1];
  drawPredictive(at("predictive"), answer);
  drawPower(at("power"), answer);
  const oneSided = directionOf(answer.conditions) !== null;
  for (const figure of document.querySelectorAll("figure.by-size")) figure.hidden = !oneSided;
  if (!oneSided) return;
  drawBoundary(at("boundary"), answer, most);
  drawSizes(at("sizes"), answer, most, distributionsOf(answer.priors[0]));
};

let shown;
const tell = () => {
  shown = answerOf(data, setting);
  const profile = shown.priors[0];
  at("rule").textContent = ruleText(setting.conditions);
  at("answer").replaceChildren(
    ...sentencesOf(shown).map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  const error = shown.thresholds[0].success[1];
  at("alarm").hidden = error <= data.most_error;
  at("alarm").textContent = `The type-I error is above ${100 * data.most_error}%: require a greater certainty, or borrow less.`;
  at("prior-profile").textContent = profile.shown;
  at("prior").replaceChildren(
    ...profile.told.map((text) => Object.assign(document.createElement("p"), { textContent: text })),
  );
  at("command").textContent = commandOf(data, setting);
  tellPower(shown);
  tellCounts(shown);
  drawAll(shown);
};

// Write the setting into the controls; not into the one that is being typed in.
const show = (but) => {
  at("profile").value = setting.profile;
  for (const [control, value] of Object.entries(controlsOf(setting))) {
    const [slider, number] = [at(`${control}-slider`), at(control)];
    slider.value = value;
    slider.setAttribute("aria-valuetext", value);
    if (number !== but) number.value = value;
    number.setAttribute("aria-invalid", "false");
    at(`${control}-fault`).hidden = true;
    at(`${control}-beyond`).hidden = value >= Number(slider.min) && value <= Number(slider.max);
  }
};

let waiting;
const keep = () => {
  clearTimeout(waiting);
  const fragment = `#${fragmentOf(setting)}`;
  if (location.hash !== fragment) history.replaceState(null, "", fragment);
};
const settle = () => {
  keep();
  at("spoken").textContent = sentencesOf(shown).join(" ");
};

let frame;
const update = (changedSetting, but) => {
  setting = changedSetting;
  show(but);
  // Once for each picture, however many changes a dragged slider makes.
  cancelAnimationFrame(frame);
  clearTimeout(waiting);
  frame = requestAnimationFrame(() => {
    tell();
    waiting = setTimeout(settle, PAUSE);
  });
};

const take = (control, input) => {
  const value = input.value.trim() ? Number(input.value) : NaN;
  if (isAllowed(kindOf(control), value)) {
    update(changed(setting, control, value), input);
    return;
  }
  input.setAttribute("aria-invalid", "true");
  at(`${control}-fault`).hidden = false;
};

const open = () => {
  const { setting: found, refused } = settingOf(data, location.hash.slice(1));
  at("refused").hidden = !refused.length;
  at("refused").textContent = `The address has no possible value of ${refused.join(", ")}; the start value is used.`;
  update(found);
};

const copy = async () => {
  const text = at("command").textContent;
  try {
    await navigator.clipboard.writeText(text);
    at("copied").textContent = "Copied.";
  } catch {
    // Without the right to the clipboard, the command is selected, to be copied by hand.
    getSelection().selectAllChildren(at("command"));
    at("copied").textContent = "Selected: press Ctrl+C or Cmd+C to copy it.";
  }
};

for (const control of Object.keys(controlsOf(setting))) {
  for (const input of [at(`${control}-slider`), at(control)]) {
    input.addEventListener("input", () => take(control, input));
  }
  // What cannot be is replaced by what is shown, once the control is left.
  at(control).addEventListener("change", () => show());
}
at("profile").addEventListener("change", (event) => update({ ...setting, profile: event.target.value }));
at("counts").addEventListener("toggle", () => tellCounts(shown));
at("copy").addEventListener("click", copy);
at("print").addEventListener("click", () => print());
at("reset").addEventListener("click", () => update(settingOf(data, "").setting));
addEventListener("hashchange", open);
addEventListener("pagehide", keep);
addEventListener("resize", () => drawAll(shown));
document.body.classList.remove("without-script");
shown = answerOf(data, setting);
open();
