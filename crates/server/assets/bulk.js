// Many cases at once: how many are chosen, the whole page by one box, a span by Shift. The server tries before it does.

const form = document.querySelector('form[action="/console/bulk"]:has(td.pick)');
if (form) {
  // Rows come and go while the list is looked at.
  const boxes = () => [...form.querySelectorAll("td.pick input")];
  const whole = form.querySelector("[data-choose-all]");
  const every = form.querySelector("input[name=all]");
  const said = form.querySelector("output.chosen");
  let last = null;
  const tell = () => {
    const all = boxes();
    const count = all.filter((box) => box.checked).length;
    said.hidden = count === 0 || every.checked;
    said.textContent = said.dataset.words.replace("{count}", String(count));
    whole.checked = count === all.length;
    whole.indeterminate = count > 0 && count < all.length;
    form.classList.toggle("choosing", count > 0 || every.checked);
  };
  whole.hidden = false;
  whole.addEventListener("change", () => {
    for (const box of boxes()) box.checked = whole.checked;
    tell();
  });
  form.addEventListener("click", (event) => {
    const all = boxes();
    const box = all.indexOf(event.target);
    if (box < 0) return;
    if (event.shiftKey && last !== null) {
      const before = all.indexOf(last);
      const [from, to] = [Math.min(before, box), Math.max(before, box)];
      for (const one of before < 0 ? [] : all.slice(from, to + 1)) one.checked = event.target.checked;
    }
    last = event.target;
  });
  form.addEventListener("change", tell);
  tell();
}
