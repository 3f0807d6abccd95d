// Who else has this case open, and who is writing. What is said lives for less than a minute on the server; a page that is
// closed or out of sight says nothing more.

const place = document.querySelector("[data-presence]");

/** How often a page says that it is open, and for how long after the last key somebody still writes, in milliseconds. */
const EVERY = 20000;
const WRITES = 12000;

if (place) {
  const address = place.dataset.presence;
  let writing = "";
  let stops = null;
  let gone = false;

  const show = async (answer) => {
    if (!answer?.ok || answer.status !== 200) return;
    const words = await answer.text();
    const holder = document.createElement("template");
    holder.innerHTML = words;
    // What stays the same is not read out again.
    if (holder.content.textContent.trim() === place.textContent.trim()) return;
    place.replaceChildren(holder.content);
  };
  const say = async () => {
    if (gone || document.visibilityState !== "visible") return;
    const body = new URLSearchParams({ writing });
    await show(await fetch(address, { method: "POST", body, redirect: "error" }).catch(() => null));
  };
  const look = async () => {
    if (document.visibilityState !== "visible") return;
    await show(await fetch(address, { redirect: "error" }).catch(() => null));
  };
  const leave = () => {
    gone = true;
    navigator.sendBeacon(address, new URLSearchParams({ gone: "true" }));
  };

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[method=post]");
    if (!form || !event.target.matches("textarea")) return;
    const verb = (form.getAttribute("action") ?? "").split("/").at(-1);
    clearTimeout(stops);
    stops = setTimeout(() => {
      writing = "";
      say();
    }, WRITES);
    if (writing === verb) return;
    writing = verb;
    say();
  });
  document.addEventListener("presence", look);
  document.addEventListener("visibilitychange", say);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    gone = false;
    say();
  });
  setInterval(say, EVERY);
  say();
}
