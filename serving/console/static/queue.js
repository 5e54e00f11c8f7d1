// The review queue: blur, evidence, a claim that lasts while somebody works, and shortcuts that can be switched off.
"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // Blur
  const blurButton = one("[data-blur-button]");
  function toggleBlur() {
    const shown = !one("[data-blur]")?.classList.contains("shown");
    all("[data-blur]").forEach((part) => part.classList.toggle("shown", shown));
    if (blurButton) blurButton.textContent = shown ? blurButton.dataset.on : blurButton.dataset.off;
  }
  blurButton?.addEventListener("click", toggleBlur);

  // Evidence: places count code points, as a string's own positions do not.
  const evidenceButton = one("[data-evidence]");
  async function markEvidence() {
    const text = one("#text"), status = one("#evidence-status"), words = evidenceButton.dataset;
    evidenceButton.disabled = true;
    status.textContent = words.busy;
    try {
      const answer = await fetch(words.evidence, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error();
      const points = Array.from(text.textContent), parts = [];
      let at = 0, marked = 0;
      for (const { start, end } of (await answer.json()).spans) {
        if (end <= at) continue;
        const mark = document.createElement("mark");
        mark.textContent = points.slice(Math.max(start, at), end).join("");
        parts.push(document.createTextNode(points.slice(at, Math.max(start, at)).join("")), mark);
        at = end;
        marked += 1;
      }
      parts.push(document.createTextNode(points.slice(at).join("")));
      text.replaceChildren(...parts);
      status.textContent = marked ? words.found.replace("{n}", marked) : words.none;
    } catch {
      status.textContent = words.failed;
      evidenceButton.disabled = false;
    }
  }
  evidenceButton?.addEventListener("click", markEvidence);

  // The claim is renewed every two minutes in which something was done.
  const claim = one("[data-renew]");
  if (claim) {
    let active = false;
    for (const name of ["keydown", "pointermove", "scroll", "input"]) document.addEventListener(name, () => { active = true; }, { passive: true });
    setInterval(async () => {
      if (!active) return;
      active = false;
      const headers = { Accept: "application/json", "X-CSRF-Token": one("meta[name=csrf]").content };
      const answer = await fetch(claim.dataset.renew, { method: "POST", headers }).catch(() => null);
      if (answer && !answer.ok) claim.textContent = claim.dataset.lost;
    }, 120_000);
  }

  // Shortcuts
  const dialog = one("#shortcuts"), switched = one("#shortcuts-on");
  if (switched) {
    switched.checked = localStorage.getItem("shortcuts") !== "off";
    switched.addEventListener("change", () => localStorage.setItem("shortcuts", switched.checked ? "on" : "off"));
  }
  one("[data-shortcuts]")?.addEventListener("click", () => dialog.showModal());

  function move(step) {
    const rows = all(".queue .open");
    const row = document.activeElement.closest("tr")?.querySelector(".open");
    const next = row ? rows.indexOf(row) + step : step > 0 ? 0 : rows.length - 1;
    rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
  }
  function rule(value) {
    const radio = document.activeElement.closest(".ruling")?.querySelector(`input[value="${value}"]`);
    if (radio) radio.checked = true;
    radio?.focus();
  }
  // Beside a form that may be half filled in, the button is only focused.
  function next() {
    const button = one("#next");
    if (one("#submit")) button?.focus();
    else button?.click();
  }
  const keys = {
    j: () => move(1), k: () => move(-1), n: next, b: toggleBlur, e: () => evidenceButton?.click(),
    r: () => rule("right"), w: () => rule("wrong"), u: () => rule("unsure"), s: () => one("#submit")?.focus(), "?": () => dialog?.showModal(),
  };
  for (const row of all(".ruling")) keys[row.dataset.key] = () => (row.querySelector("input:checked") ?? row.querySelector("input")).focus();

  // Enter in a field does not save by accident: it leads to the button.
  one("#submit")?.form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
    event.preventDefault();
    one("#submit").focus();
  });

  const types = (element) => element.matches("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat && event.key === "n") return;
    if (!switched?.checked || dialog?.open || types(event.target) || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
