// Counts characters as the limit does, and shows earlier messages one at a time.
"use strict";
for (const area of document.querySelectorAll("textarea[data-most]")) {
  const shown = document.createElement("small");
  shown.className = "soft";
  area.after(shown);
  const count = () => {
    const has = [...area.value].length;
    shown.textContent = has ? area.dataset.count.replace("{has}", has).replace("{most}", area.dataset.most) : "";
    shown.classList.toggle("wrong-field", has > area.dataset.most);
  };
  area.addEventListener("input", count);
  count();
}
{
  const turns = [...document.querySelectorAll(".turn")];
  const more = document.getElementById("more");
  const text = (turn) => turn.querySelector("textarea");
  const used = turns.filter((turn) => text(turn).value || text(turn).getAttribute("aria-invalid")).pop();
  turns.slice(turns.indexOf(used) + 2).forEach((turn) => { turn.hidden = true; });
  const next = () => turns.find((turn) => turn.hidden);
  more.hidden = !next();
  more.addEventListener("click", () => {
    const turn = next();
    turn.hidden = false;
    more.hidden = !next();
    text(turn).focus();
  });
}
document.getElementById("outcome")?.focus();
