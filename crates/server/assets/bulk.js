// Many cases at once: how many are chosen, the whole page by one box, a span by Shift. The server tries before it does.

const form = document.querySelector('form[action="/console/bulk"]:has(td.pick)');
if (form) {
  const boxes = [...form.querySelectorAll("td.pick input")];
  const whole = form.querySelector("[data-choose-all]");
  const every = form.querySelector("input[name=all]");
  const said = form.querySelector("output.chosen");
  let last = null;
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    said.hidden = count === 0 || every.checked;
    said.textContent = said.dataset.words.replace("{count}", String(count));
    whole.checked = count === boxes.length;
    whole.indeterminate = count > 0 && count < boxes.length;
    form.classList.toggle("choosing", count > 0 || every.checked);
  };
  whole.hidden = false;
  whole.addEventListener("change", () => {
    for (const box of boxes) box.checked = whole.checked;
    tell();
  });
  form.addEventListener("click", (event) => {
    const box = boxes.indexOf(event.target);
    if (box < 0) return;
    if (event.shiftKey && last !== null) {
      const [from, to] = [Math.min(last, box), Math.max(last, box)];
      for (const one of boxes.slice(from, to + 1)) one.checked = event.target.checked;
    }
    last = box;
  });
  form.addEventListener("change", tell);
  tell();
}
