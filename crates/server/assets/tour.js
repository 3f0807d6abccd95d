// The tour over the console. Without scripts its link leads to a page that says the same.

const dialog = document.getElementById("tour");
const link = document.querySelector("[data-tour]");
if (dialog && link) {
  const parts = [...dialog.querySelectorAll("[data-about]")];
  const back = dialog.querySelector("[data-back]");
  const on = dialog.querySelector("[data-on]");
  const put = dialog.querySelector("form");
  let at = 0;
  const unmark = () => document.querySelectorAll(".toured").forEach((one) => one.classList.remove("toured"));
  const show = (place) => {
    at = Math.min(Math.max(place, 0), parts.length - 1);
    unmark();
    for (const [n, part] of parts.entries()) {
      part.hidden = n !== at;
      const title = part.querySelector("h2");
      if (n === at) title.id = "tour-title";
      else title.removeAttribute("id");
    }
    const about = parts[at].dataset.about;
    if (about) document.querySelector(about)?.classList.add("toured");
    back.disabled = at === 0;
    on.textContent = at === parts.length - 1 ? dialog.dataset.done : dialog.dataset.next;
    parts[at].querySelector("h2").focus();
  };
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    dialog.showModal();
    show(0);
  });
  back.addEventListener("click", () => show(at - 1));
  on.addEventListener("click", () => (at === parts.length - 1 ? put.submit() : show(at + 1)));
  // Closing with Esc puts nothing away: it is offered again.
  dialog.addEventListener("close", () => {
    unmark();
    link.focus();
  });
}
