// Ctrl/⌘+K: what can be done here, where one can go, which cases are open, and a case by its number or words.
import { act } from "./keys.js";

const dialog = document.getElementById("palette");
const box = dialog?.querySelector("input");
const list = dialog?.querySelector("ul");
const [ACTION, PAGE, OPEN] = (dialog?.dataset.kinds ?? "||").split("|");
let shown = [];
let at = 0;

const words = (element) => (element?.textContent ?? "").replace(/\s+/g, " ").trim();
const label = (element) => {
  const own = element.cloneNode(true);
  for (const part of own.querySelectorAll("kbd, .tally")) part.remove();
  return words(own);
};

const offers = () => {
  const found = [];
  for (const one of document.querySelectorAll("#operations details.op, #operations .ops > form")) {
    const name = one.querySelector("summary") ?? one.querySelector("button");
    if (name) found.push({ words: label(name), kind: ACTION, go: () => act(one) });
  }
  for (const one of document.querySelectorAll(".open-cases .tab a")) {
    found.push({ words: `${label(one)} ${one.dataset.number ?? ""}`, kind: OPEN, go: () => one.click() });
  }
  for (const one of document.querySelectorAll(".bar .new, .rail a, .me a")) {
    found.push({ words: one.getAttribute("aria-label") ?? label(one), kind: PAGE, go: () => one.click() });
  }
  return found;
};

// Letters in their order, not necessarily side by side: "zcdd" does not need every word.
const score = (text, asked) => {
  const where = text.toLowerCase();
  const whole = where.indexOf(asked);
  if (whole >= 0) return whole;
  let place = 0;
  for (const letter of asked) {
    place = where.indexOf(letter, place) + 1;
    if (place === 0) return -1;
  }
  return 100 + place;
};

const draw = () => {
  const asked = box.value.trim().toLowerCase();
  shown = offers()
    .map((one) => ({ ...one, rank: asked === "" ? 0 : score(one.words, asked) }))
    .filter((one) => one.rank >= 0)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, 40);
  if (asked !== "") {
    const q = box.value.trim();
    const go = () => location.assign(`/console/find?q=${encodeURIComponent(q)}`);
    const find = { words: dialog.dataset.go.replace("{q}", q), kind: "", go };
    // A number is more likely a case than the name of a page.
    if (/\d/.test(asked)) shown.unshift(find);
    else shown.push(find);
  }
  at = 0;
  list.replaceChildren(
    ...shown.map((one, n) => {
      const line = document.createElement("li");
      line.id = `palette-${n}`;
      line.setAttribute("role", "option");
      line.append(one.words);
      const kind = document.createElement("span");
      kind.append(one.kind);
      line.append(kind);
      line.addEventListener("click", () => choose(n));
      return line;
    }),
  );
  point();
};

const point = () => {
  for (const [n, line] of [...list.children].entries()) line.setAttribute("aria-selected", String(n === at));
  list.children[at]?.scrollIntoView({ block: "nearest" });
  if (shown.length > 0) box.setAttribute("aria-activedescendant", `palette-${at}`);
  else box.removeAttribute("aria-activedescendant");
};

const choose = (n) => {
  const one = shown[n];
  dialog.close();
  one?.go();
};

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      if (event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      if (dialog.open) return dialog.close();
      for (const other of document.querySelectorAll("dialog[open]")) other.close();
      box.value = "";
      dialog.showModal();
      draw();
    }
  });
  box.addEventListener("input", (event) => {
    if (!event.isComposing) draw();
  });
  box.addEventListener("compositionend", draw);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      at = Math.min(Math.max(at + by, 0), Math.max(shown.length - 1, 0));
      point();
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(at);
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
