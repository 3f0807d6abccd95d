// Conveniences only: every page works without this file.

// Single keys, never while somebody types or composes Chinese.
const typing = (event) =>
  event.isComposing || event.target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (plain && event.key === "/" && !typing(event)) {
    const find = document.querySelector(".find input");
    if (find) {
      event.preventDefault();
      find.focus();
    }
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.isComposing) {
    const form = event.target.closest("form[method=post]");
    if (form) form.requestSubmit(form.querySelector("button.primary") ?? undefined);
  }
});

// What was typed is not lost by a slip, and nothing is sent twice by an impatient click.
let unsaved = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("form[method=post] textarea")) unsaved = true;
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  unsaved = false;
  form.dataset.sent = "yes";
  // A download leaves the page where it is; after a while the same may be asked for again.
  setTimeout(() => delete form.dataset.sent, 3000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// What is written to a customer is kept on the server now and then, in the reader's own name.
for (const form of document.querySelectorAll("form[data-draft]")) {
  let kept = form.elements.content?.value ?? "";
  setInterval(async () => {
    const now = form.elements.content?.value ?? "";
    if (now === kept || form.dataset.sent) return;
    const body = new URLSearchParams({ verb: form.elements.verb.value, content: now });
    const answer = await fetch(form.dataset.draft, { method: "POST", body, redirect: "manual" }).catch(() => null);
    if (answer && (answer.ok || answer.type === "opaqueredirect")) {
      kept = now;
      if (form.elements.content?.value === now) unsaved = false;
    }
  }, 10000);
}
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

// An operation that opens is ready to be filled in.
for (const operation of document.querySelectorAll("details.op")) {
  operation.addEventListener("toggle", () => {
    if (operation.open) operation.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}
