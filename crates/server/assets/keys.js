// Single keys. Never while somebody types, never while Chinese is being composed, never over a dialog.

/** Whether a key belongs to what is being written and not to us. */
export const writing = (event) =>
  event.isComposing ||
  event.keyCode === 229 ||
  event.target.isContentEditable === true ||
  (event.target.closest?.("input, textarea, select, dialog[open]") ?? null) !== null;

const visible = (element) => element.checkVisibility?.() ?? true;

/** Opens a form to be filled in, presses a button that needs no form, follows a link. */
export const act = (element) => {
  if (element.tagName === "DETAILS") {
    element.open = true;
    element.scrollIntoView({ block: "center" });
    element.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  } else if (element.tagName === "FORM") {
    const button = element.querySelector("button");
    element.scrollIntoView({ block: "center" });
    button?.focus();
  } else {
    element.click();
  }
};

// The rows of a list: of the pane beside a case, or of the page itself.
const rows = () => [...document.querySelectorAll(".list-pane .rows a, main table.cases .what a")].filter(visible);
const current = (all) => {
  const here = all.findIndex((row) => row.matches("[aria-current]") || row.closest("tr.at"));
  return here >= 0 ? here : all.indexOf(document.activeElement);
};
const step = (by, follow) => {
  const all = rows();
  if (all.length === 0) return;
  const at = current(all);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (follow) {
    if (next !== all[at]) next.click();
    return;
  }
  for (const line of document.querySelectorAll("tr.at")) line.classList.remove("at");
  next.closest("tr")?.classList.add("at");
  next.focus();
};

const chosen = () => {
  const box = document.activeElement?.closest("tr")?.querySelector("input[name=case]");
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
};

const PLAIN = {
  "/": () => document.querySelector(".find input")?.focus(),
  "?": () => document.getElementById("sheet")?.showModal(),
  j: () => step(1, false),
  k: () => step(-1, false),
  "]": () => step(1, true),
  "[": () => step(-1, true),
  x: chosen,
  u: () => document.querySelector('.rail a[href="/console?view=mine"]')?.click(),
  h: () => document.getElementById("history")?.scrollIntoView(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || writing(event)) return;
  const plain = PLAIN[event.key];
  if (plain) {
    event.preventDefault();
    plain();
    return;
  }
  if (event.shiftKey || !/^[a-z]$/.test(event.key)) return;
  const target = [...document.querySelectorAll(`[data-key="${event.key}"]`)].find(visible);
  if (target) {
    event.preventDefault();
    act(target);
  }
});
