// Ctrl/⌘+Enter sends after some seconds in which it can be taken back. Whoever leaves the page meanwhile is asked, and
// finds the words again (`forms.js`): nothing goes out that nobody saw go.

/** How long something waits before it goes out, in milliseconds. */
const HELD = 5000;
const template = document.getElementById("held");
let waiting = null;

const letGo = () => {
  if (!waiting) return;
  clearInterval(waiting.timer);
  waiting.note.remove();
  waiting = null;
};

const send = () => {
  const { form, button } = waiting;
  letGo();
  form.requestSubmit(button ?? undefined);
};

const undo = () => {
  const { form } = waiting;
  letGo();
  form.querySelector("textarea")?.focus();
};

const hold = (form) => {
  if (!form.reportValidity()) return;
  const note = template.content.firstElementChild.cloneNode(true);
  const words = note.querySelector("[data-words]");
  const until = Date.now() + HELD;
  const button = form.querySelector("button.primary") ?? form.querySelector("button");
  const tell = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) return send();
    words.textContent = words.dataset.words
      .replace("{what}", (button?.textContent ?? "").trim())
      .replace("{seconds}", String(left));
  };
  note.querySelector("button").addEventListener("click", undo);
  waiting = { form, button, note, timer: setInterval(tell, 250) };
  tell();
  document.body.append(note);
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape" && waiting) {
    event.preventDefault();
    undo();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.closest?.("form[method=post]");
    if (!form || !template) return;
    event.preventDefault();
    // A file is not held back: it could not be sent when the page is left.
    if (form.enctype === "multipart/form-data") form.requestSubmit();
    else if (waiting?.form === form) send();
    else {
      // One form goes at a time; what waited has its words and is not sent.
      letGo();
      hold(form);
    }
  }
});

// Whatever is changed while it waits is not what was meant to go.
document.addEventListener("input", (event) => {
  if (waiting && waiting.form.contains(event.target)) letGo();
});
// A click on the form's own button is a decision: nothing else waits beside it.
document.addEventListener("submit", (event) => {
  if (waiting && event.target === waiting.form) letGo();
});

window.addEventListener("pagehide", letGo);
