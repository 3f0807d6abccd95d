// What was typed is not lost by a slip, and nothing is sent twice by an impatient click.

let unsaved = false;
const mark = (value) => {
  if (unsaved === value) return;
  unsaved = value;
  document.dispatchEvent(new CustomEvent("unsaved", { detail: value }));
};

document.addEventListener("input", (event) => {
  if (event.target.closest("form[method=post] textarea")) mark(true);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  mark(false);
  form.dataset.sent = "yes";
  // A download leaves the page where it is; after a while the same may be asked for again.
  setTimeout(() => delete form.dataset.sent, 3000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

// What is written to a customer is kept on the server now and then, in the reader's own name.
export const keep = (form) => {
  const body = new URLSearchParams({ verb: form.elements.verb.value, content: form.elements.content?.value ?? "" });
  return fetch(form.dataset.draft, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => null);
};
for (const form of document.querySelectorAll("form[data-draft]")) {
  let kept = form.elements.content?.value ?? "";
  setInterval(async () => {
    const now = form.elements.content?.value ?? "";
    if (now === kept || form.dataset.sent) return;
    const answer = await keep(form);
    if (answer && (answer.ok || answer.type === "opaqueredirect")) {
      kept = now;
      if (form.elements.content?.value === now) mark(false);
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
