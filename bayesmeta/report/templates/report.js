"use strict";
// Each heading gets a button that sorts the rows by its column; pressed again, it turns the order round.
// It is no button element, which browsers would not print again on the pages on which a table goes on.
const NUMBER = /^[<>]?([-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)/i;
const textOf = (row, column) => {
  const text = row.cells[column].textContent.trim();
  return text === "-" ? "" : text;
};
const numberOf = (text) => {
  const found = text.replace("\u2212", "-").match(NUMBER);
  return found ? parseFloat(found[1].replaceAll(",", "")) : NaN;
};
const sort = (table, column, heading) => {
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, text: textOf(row, column) }));
  // Rows of which nothing is known stay last, whichever the order.
  const known = rows.filter((each) => each.text);
  const unknown = rows.filter((each) => !each.text);
  const numbers = known.every((each) => !Number.isNaN(numberOf(each.text)));
  const order = numbers
    ? (a, b) => numberOf(a.text) - numberOf(b.text)
    : (a, b) => a.text.localeCompare(b.text, "en", { numeric: true });
  known.sort((a, b) => (down ? order(b, a) : order(a, b)));
  table.tBodies[0].append(...[...known, ...unknown].map((each) => each.row));
};
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    if (!heading.textContent.trim()) return;
    const button = document.createElement("span");
    button.tabIndex = 0;
    button.setAttribute("role", "button");
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, column, heading));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      // The space bar would scroll the page.
      event.preventDefault();
      if (!event.repeat) sort(table, column, heading);
    });
    heading.append(button);
  });
}
// What is wider than the window says so above, as phones show no bar to scroll by.
const cueOf = (wide) => {
  const cue = document.createElement("p");
  cue.className = "cue";
  cue.textContent = "Wider than the screen: scroll sideways";
  cue.hidden = true;
  wide.before(cue);
  return cue;
};
const cues = [...document.querySelectorAll(".wide, pre")].map((wide) => [wide, cueOf(wide)]);
const tell = () => {
  for (const [wide, cue] of cues) {
    const scrolls = wide.scrollWidth > wide.clientWidth + 1;
    cue.hidden = !scrolls;
    wide.classList.toggle("scrolled", scrolls);
  }
};
addEventListener("resize", tell);
tell();
