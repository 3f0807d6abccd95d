// Registration while the customer is on the line: categories by name, initials or English; what is known about the
// number; and what was typed is there again after a slip. It is kept in this tab alone and goes with it.

const me = document.body.dataset.me;
const KEPT = `redress.new.${me}`;

// Categories. The list of the page is the source; without this script the browser offers it by itself.
const source = document.getElementById("categories");
const entries = [...(source?.options ?? [])].map((option) => ({
  value: option.value,
  text: `${option.value.toLowerCase()} ${option.dataset.names ?? ""}`,
  initials: (option.dataset.initials ?? "").split(" "),
}));

/** Whether letters are the initials of characters that follow each other. */
const initial = (words, asked) => {
  for (let from = 0; from + asked.length <= words.length; from++) {
    if ([...asked].every((letter, n) => words[from + n].includes(letter))) return true;
  }
  return false;
};

const match = (asked) => {
  const found = entries.filter((one) => one.text.includes(asked));
  const letters = asked.replace(/\s+/g, "");
  const typed = /^[a-z0-9]{2,}$/.test(letters)
    ? entries.filter((one) => !found.includes(one) && initial(one.initials, letters))
    : [];
  return [...found, ...typed].slice(0, 12);
};

const complete = (box) => {
  box.removeAttribute("list");
  const list = document.createElement("ul");
  list.className = "offers";
  list.id = `${box.id}-offers`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.labels?.[0]?.textContent ?? box.name);
  box.after(list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  let at = -1;
  const close = () => {
    list.hidden = true;
    at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const take = (value) => {
    box.value = value;
    close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  };
  const point = (next) => {
    at = Math.min(Math.max(next, 0), list.children.length - 1);
    for (const [n, line] of [...list.children].entries()) line.setAttribute("aria-selected", String(n === at));
    list.children[at]?.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", `${list.id}-${at}`);
  };
  const offer = () => {
    const asked = box.value.trim().toLowerCase();
    const found = asked === "" || entries.some((one) => one.value === box.value) ? [] : match(asked);
    list.replaceChildren(
      ...found.map((one, n) => {
        const line = document.createElement("li");
        line.id = `${list.id}-${n}`;
        line.setAttribute("role", "option");
        line.textContent = one.value;
        line.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          take(one.value);
        });
        return line;
      }),
    );
    if (found.length === 0) return close();
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    point(0);
  };
  box.addEventListener("input", (event) => {
    if (!event.isComposing) offer();
  });
  box.addEventListener("compositionend", offer);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      point(at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      take(list.children[at].textContent);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
};
for (const box of document.querySelectorAll("input[list=categories]")) complete(box);

// What is known, a moment after something that tells it was typed.
const known = document.getElementById("known");
const form = known?.closest("form");
let asked = 0;
let timer = 0;
const ask = async () => {
  const mine = ++asked;
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(known.dataset.from, { method: "POST", body, redirect: "error" }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const chosen = form.elements["complainant.person"]?.value;
  known.replaceChildren(holder.content);
  for (const one of known.querySelectorAll("input[type=radio]")) one.checked = one.value === (chosen ?? "");
};

// What was typed.
const texts = () => [...form.elements].filter((one) => one.name && one.type !== "radio" && one.type !== "hidden");
const put = () => {
  const kept = texts().map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value]);
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
};
const back = () => {
  const note = document.getElementById("restored");
  const kept = sessionStorage.getItem(KEPT);
  if (!note || !kept) return;
  for (const [name, value] of JSON.parse(kept)) {
    const one = texts().find((box) => box.name === name);
    if (!one) continue;
    if (one.type === "checkbox") one.checked = value === true;
    else one.value = value;
    if (value && value !== one.defaultValue) one.closest("details.group")?.setAttribute("open", "");
  }
  note.hidden = false;
  note.querySelector("button").addEventListener("click", () => {
    sessionStorage.removeItem(KEPT);
    form.reset();
    note.hidden = true;
    known.replaceChildren();
  });
  ask();
};
if (form) {
  form.addEventListener("input", (event) => {
    if (event.isComposing) return;
    put();
    clearTimeout(timer);
    timer = setTimeout(ask, 350);
  });
  back();
}
if (document.querySelector(".receipt")) sessionStorage.removeItem(KEPT);
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") sessionStorage.clear();
});
