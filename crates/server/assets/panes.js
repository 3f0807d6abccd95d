// The list beside a case, tabs of open cases, live counts. The server says what may be seen at every fetch; nothing but
// case numbers, widths and the list's address is remembered here.

const me = document.body.dataset.me;
const wide = window.matchMedia("(min-width: 1180px)");
const kept = (name) => {
  try {
    return localStorage.getItem(`redress.${name}.${me}`);
  } catch {
    return null;
  }
};
const remember = (name, value) => {
  try {
    localStorage.setItem(`redress.${name}.${me}`, value);
  } catch {
    // A browser that keeps nothing shows everything all the same.
  }
};
const fragment = async (address) => {
  const answer = await fetch(address, { redirect: "error" }).catch(() => null);
  if (!answer?.ok) return null;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content;
};

const page = document.querySelector("[data-case]");
const number = page?.dataset.case;

// The list a case was opened from.
const PLACE = "redress.list";
if (location.pathname === "/console") sessionStorage.setItem(PLACE, location.search);
const panes = document.querySelector(".panes");
const pane = document.querySelector(".list-pane");
const splitter = document.querySelector(".splitter");

const showList = async () => {
  if (!pane || !wide.matches) return;
  panes.classList.add("three");
  const found = await fragment(`/console/pane${sessionStorage.getItem(PLACE) ?? ""}`);
  if (!found) {
    panes.classList.remove("three");
    return;
  }
  const scrolled = pane.scrollTop;
  const held = pane.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  pane.replaceChildren(found);
  for (const row of pane.querySelectorAll(".rows a")) {
    if (row.dataset.number === number) row.setAttribute("aria-current", "true");
    if (held && row.getAttribute("href") === held) row.focus();
  }
  pane.scrollTop = scrolled || Number(sessionStorage.getItem("redress.scroll") ?? 0);
};
pane?.addEventListener("scroll", () => sessionStorage.setItem("redress.scroll", String(pane.scrollTop)));

// Widths: drag the line between list and case, or move it by the arrow keys.
const LEAST = 220;
const MOST = 520;
const width = (asked) => {
  const value = Math.min(Math.max(Math.round(asked), LEAST), MOST);
  document.documentElement.style.setProperty("--list-width", `${value}px`);
  splitter?.setAttribute("aria-valuenow", String(value));
  return value;
};
let wideNow = width(Number(kept("width")) || 300);
splitter?.addEventListener("pointerdown", (event) => {
  splitter.setPointerCapture(event.pointerId);
  const left = panes.getBoundingClientRect().left;
  const move = (moved) => {
    wideNow = width(moved.clientX - left);
  };
  splitter.addEventListener("pointermove", move);
  splitter.addEventListener(
    "pointerup",
    () => {
      splitter.removeEventListener("pointermove", move);
      remember("width", String(wideNow));
    },
    { once: true },
  );
});
splitter?.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
  if (!by) return;
  event.preventDefault();
  wideNow = width(wideNow + by);
  remember("width", String(wideNow));
});

// Tabs: at most so many, the oldest goes first.
const TABS = 8;
const bar = document.querySelector(".open-cases");
const open = () => (kept("tabs") ?? "").split(",").filter((one) => /^[A-Z0-9-]{3,40}$/.test(one));
const drawTabs = async () => {
  if (!bar) return;
  const numbers = open();
  if (numbers.length === 0) {
    bar.hidden = true;
    bar.replaceChildren();
    return;
  }
  const query = new URLSearchParams(numbers.map((one) => ["case", one]));
  const found = await fragment(`/console/tabs?${query}`);
  if (!found) return;
  bar.replaceChildren(found);
  bar.hidden = bar.children.length === 0;
  for (const tab of bar.querySelectorAll(".tab")) {
    const link = tab.querySelector("a");
    if (link.dataset.number === number) {
      tab.classList.add("here");
      link.setAttribute("aria-current", "page");
    }
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", `${bar.dataset.close} ${link.dataset.number}`);
    close.addEventListener("click", () => {
      remember("tabs", open().filter((one) => one !== link.dataset.number).join(","));
      if (link.dataset.number === number) location.assign(`/console${sessionStorage.getItem(PLACE) ?? ""}`);
      else drawTabs();
    });
    tab.append(close);
  }
};
if (me && number) {
  const numbers = open();
  if (!numbers.includes(number)) remember("tabs", [...numbers, number].slice(-TABS).join(","));
}
document.addEventListener("unsaved", (event) => {
  bar?.querySelector(".tab.here")?.classList.toggle("unsaved", event.detail);
});

// A page that says so is fetched again and put in its own place.
const live = document.querySelector("[data-live]");
const refresh = async () => {
  // What somebody works in stays as it is under their hands.
  const held = () => live.contains(document.activeElement) || live.querySelector("input:checked");
  if (!live || held()) return;
  const next = (await fragment(live.dataset.live))?.querySelector("[data-live]");
  if (next && !held()) live.replaceChildren(...next.childNodes);
};

// Counts and lists stay fresh while somebody looks.
const EVERY = 30000;
const count = async () => {
  // A rail that is folded away counts nothing.
  if (![...document.querySelectorAll(".tally[data-view]")].some((tally) => tally.checkVisibility())) return;
  const answer = await fetch("/console/counts", { redirect: "error" }).catch(() => null);
  if (!answer?.ok) return;
  const counts = await answer.json().catch(() => ({}));
  for (const tally of document.querySelectorAll(".tally[data-view]")) {
    tally.textContent = counts[tally.dataset.view] ?? "";
  }
};
// The server says that something changed; what, every fetch finds out by itself. Where it can say nothing, or a proxy
// swallows it, a look every half minute does.
let heard = null;
// One round at a time; what is said during one makes one more, however often it is said.
let going = false;
let again = false;
const fresh = async () => {
  again = true;
  if (going) return;
  going = true;
  while (again) {
    again = false;
    await Promise.allSettled([count(), showList(), refresh()]);
  }
  going = false;
};
const listen = () => {
  const look = document.visibilityState === "visible";
  if (!look || heard?.readyState === EventSource.CLOSED) {
    heard?.close();
    heard = null;
  }
  if (!look || heard) return;
  const shared = document.querySelector("[data-presence]");
  heard = new EventSource(`/console/live${shared ? `?case=${number}` : ""}`);
  heard.addEventListener("changed", fresh);
  heard.addEventListener("presence", () => document.dispatchEvent(new Event("presence")));
};
if (me) {
  count();
  drawTabs();
  showList();
  listen();
  wide.addEventListener("change", showList);
  document.getElementById("rail")?.addEventListener("toggle", count);
  document.addEventListener("visibilitychange", () => {
    listen();
    if (document.visibilityState === "visible") fresh();
  });
  window.addEventListener("pagehide", () => heard?.close());
  setInterval(() => {
    if (document.visibilityState !== "visible" || heard?.readyState === EventSource.OPEN) return;
    fresh();
    listen();
  }, EVERY);
}
