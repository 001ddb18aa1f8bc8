// The setting of the page, and how it is written behind the # of the address, where it survives a reload.

const LIMITS = { n: [1, 500], threshold: [0, 1], certainty: [0.5, 1], weight: [0, 1] };

// Whether a number is one that a setting may have. Ends are excluded but those of `n` and 0.5, as in `bayesmeta plan`.
const isAllowed = (name, value) => {
  const [least, most] = LIMITS[name];
  if (name === "n") return Number.isInteger(value) && value >= least && value <= most;
  return value < most && (name === "certainty" ? value >= least : value > least);
};

// Numbers of a setting by the names of their controls: conditions are counted, the first without a number.
const controlsOf = (setting) => {
  const found = { n: setting.n, weight: setting.weight };
  setting.conditions.forEach((each, i) => {
    found[`threshold${i ? i + 1 : ""}`] = each.threshold;
    found[`certainty${i ? i + 1 : ""}`] = each.certainty;
  });
  return found;
};

// The setting with another number in one of its controls.
const changed = (setting, control, value) => {
  if (control === "n" || control === "weight") return { ...setting, [control]: value };
  const [, name, place] = control.match(/^([a-z]+)(\d*)$/);
  const at = place ? Number(place) - 1 : 0;
  const conditions = setting.conditions.map((each, i) => (i === at ? { ...each, [name]: value } : each));
  return { ...setting, conditions };
};

const kindOf = (control) => control.replace(/\d+$/, "");

const fragmentOf = (setting) =>
  new URLSearchParams({ profile: setting.profile, ...controlsOf(setting) }).toString();

// The setting that a fragment holds; what it lacks is as at the start, and so is what cannot be, which is told.
const settingOf = (data, fragment) => {
  const given = new URLSearchParams(fragment);
  let setting = { ...data.start, profile: data.profiles[0].label };
  const refused = [];
  const profile = given.get("profile");
  if (data.profiles.some((each) => each.label === profile)) setting.profile = profile;
  else if (profile !== null) refused.push("profile");
  for (const control of Object.keys(controlsOf(setting))) {
    const text = given.get(control);
    if (text === null) continue;
    const value = text.trim() ? Number(text) : NaN;
    if (isAllowed(kindOf(control), value)) setting = changed(setting, control, value);
    else refused.push(control);
  }
  return { setting, refused };
};
