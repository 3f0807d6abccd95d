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
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

// An operation that opens is ready to be filled in.
for (const operation of document.querySelectorAll("details.op")) {
  operation.addEventListener("toggle", () => {
    if (operation.open) operation.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}
