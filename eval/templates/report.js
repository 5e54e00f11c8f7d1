"use strict";
for (const button of document.querySelectorAll("button[aria-controls]")) {
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-expanded") !== "true";
    document.getElementById(button.getAttribute("aria-controls")).classList.toggle("shown", shown);
    button.setAttribute("aria-expanded", String(shown));
    button.textContent = shown ? "Blur the text" : "Show the text";
  });
}
