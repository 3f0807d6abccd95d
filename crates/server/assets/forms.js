// What was typed is not lost by a slip, and nothing is sent twice by an impatient click.

// Forms with words that are nowhere else yet.
const changed = new Set();
const mark = (form, value) => {
  const before = changed.size > 0;
  if (value) changed.add(form);
  else changed.delete(form);
  const now = changed.size > 0;
  if (now !== before) document.dispatchEvent(new CustomEvent("unsaved", { detail: now }));
};

// Words of a page that is left stay with this tab, for the same person and the same form, until they went out.
const STORE = "redress.words.";
const me = document.body.dataset.me ?? "";
const place = (form) => `${STORE}${me}.${form.getAttribute("action")}`;
const boxes = (form) => [...form.querySelectorAll("textarea[name]")];
const store = (form, sent) => {
  const words = boxes(form).map((box) => [box.name, box.value]);
  try {
    if (words.some(([, value]) => value)) sessionStorage.setItem(place(form), JSON.stringify({ words, sent }));
  } catch {
    // A browser that keeps nothing asks before it leaves all the same.
  }
};
const stored = () => Object.keys(sessionStorage).filter((key) => key.startsWith(STORE));
const say = (form, id) => {
  const note = document.getElementById(id)?.content.firstElementChild?.cloneNode(true);
  if (!note || form.querySelector(`[data-note=${id}]`)) return;
  note.dataset.note = id;
  form.prepend(note);
};
const back = (form, { words, sent }) => {
  sessionStorage.removeItem(place(form));
  // What went out is gone, unless the page says that it did not.
  if (sent && !document.querySelector("[role=alert]")) return;
  // An older draft of the server does not stand before what was typed after it.
  const behind = boxes(form).filter((box) => box.value === "" || !sent);
  const lost = words.filter(([name, value]) => value && behind.some((box) => box.name === name && box.value !== value));
  for (const [name, value] of lost) form.elements[name].value = value;
  if (lost.length === 0) return;
  form.closest("details")?.setAttribute("open", "");
  mark(form, true);
  say(form, "restored-words");
};
try {
  // Whoever was asked to sign in, or is told on a page of its own what went wrong, has sent nothing.
  const failed = document.querySelector("[data-failed]") && `${STORE}${me}.${location.pathname}`;
  for (const key of stored()) {
    if (!me || key === failed) {
      sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key)), sent: false }));
    }
  }
  for (const form of document.querySelectorAll("form[method=post]")) {
    const kept = boxes(form).length > 0 && sessionStorage.getItem(place(form));
    if (kept) back(form, JSON.parse(kept));
  }
} catch {
  // Nothing is kept.
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[method=post]");
  if (form && event.target.matches("textarea")) mark(form, true);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  // Whoever leaves for good leaves nothing behind.
  if (form.getAttribute("action") === "/sign-out") stored().forEach((key) => sessionStorage.removeItem(key));
  store(form, true);
  mark(form, false);
  form.dataset.sent = "yes";
  // A download leaves the page where it is; after a while the same may be asked for again.
  setTimeout(() => delete form.dataset.sent, 3000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
window.addEventListener("beforeunload", (event) => {
  if (changed.size > 0) event.preventDefault();
});
window.addEventListener("pagehide", () => changed.forEach((form) => store(form, false)));

// What is written to a customer is kept on the server now and then, in the reader's own name.
const keep = (form) => {
  const body = new URLSearchParams({ verb: form.elements.verb.value, content: form.elements.content?.value ?? "" });
  return fetch(form.dataset.draft, { method: "POST", body, headers: { accept: "application/json" } }).catch(() => null);
};
for (const form of document.querySelectorAll("form[data-draft]")) {
  let kept = form.elements.content?.value ?? "";
  setInterval(async () => {
    const now = form.elements.content?.value ?? "";
    if (now === kept || form.dataset.sent) return;
    const answer = await keep(form);
    if (answer?.status === 204) {
      kept = now;
      form.querySelector("[data-note=unkept-words]")?.remove();
      if (form.elements.content?.value === now) mark(form, false);
    } else if (answer?.status === 401) {
      say(form, "signed-out-words");
    } else {
      say(form, "unkept-words");
    }
  }, 10000);
}

// An operation that opens is ready to be filled in.
for (const operation of document.querySelectorAll("details.op")) {
  // What stands open by itself takes the reader's place nowhere.
  let standing = operation.open && "standing" in operation.dataset;
  operation.addEventListener("toggle", () => {
    if (standing) standing = false;
    else if (operation.open) operation.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}

// A canned wording is put where one writes, filled from the case.
for (const link of document.querySelectorAll("[data-wording]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const place = document.getElementById(link.dataset.wording);
    const box = place?.querySelector("textarea");
    const answer = box && (await fetch(link.href, { redirect: "error" }).catch(() => null));
    if (!answer?.ok) return;
    place.open = true;
    box.focus();
    box.setRangeText(await answer.text(), box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
