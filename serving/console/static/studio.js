// The threshold studio: sliders and fields move together, and the figures follow them.
"use strict";
(() => {
  const form = document.getElementById("studio");
  const board = document.getElementById("figures");
  const summary = document.getElementById("summary");
  const labels = [...form.querySelectorAll("[data-label]")];
  const language = document.documentElement.lang;
  const formats = {
    share: new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }),
    count: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }),
    score: new Intl.NumberFormat(language, { maximumFractionDigits: 4 }),
  };
  const fill = (text, parts) => text.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  const field = (kind, label) => form.elements[`${kind}.${label.dataset.label}`];
  const number = (input) => (input && input.value !== "" ? Number(input.value) : null);

  // Figures.
  function words(figure, kind) {
    if (!figure) return board.dataset.nothing;
    if (figure.not_estimable) return fill(board.dataset.notEstimable, { reason: board.getAttribute(`data-why-${figure.not_estimable.replaceAll("_", "-")}`) });
    const [value, low, high] = [figure.value, figure.low, figure.high].map((one) => formats[kind].format(one));
    return fill(board.dataset.interval, { value, low, high });
  }
  function show(told) {
    const of = (side) => ({ ...told[side].figures, alarms: told[side].alarms.per_day });
    const sides = { active: of("active"), draft: of("draft"), would_be: told.draft.figures?.would_be };
    for (const cell of board.querySelectorAll("[data-figure]")) cell.textContent = words(sides[cell.dataset.of]?.[cell.dataset.figure], cell.dataset.kind);
    for (const cell of board.querySelectorAll("[data-of=would_be]")) cell.hidden = !sides.would_be;
    for (const row of board.querySelectorAll("[data-label-row]")) {
      const by = (side) => sides[side].labels?.[row.dataset.labelRow];
      row.querySelector("[data-positives]").textContent = by("active")?.positives ?? "";
      for (const cell of row.querySelectorAll("[data-label-figure]")) cell.textContent = words(by(cell.dataset.of)?.[cell.dataset.labelFigure], cell.dataset.kind);
    }
    const { rows, risky } = sides.draft;
    const weighted = risky && risky.weighted !== risky.raw ? fill(board.dataset.weighted, { weighted: formats.count.format(risky.weighted) }) : "";
    document.getElementById("rows").textContent = risky ? `${fill(board.dataset.rows, { rows, risky: risky.raw })} ${weighted}` : "";
    const parts = Object.fromEntries(["recall", "precision"].map((name) => [name, words(sides.draft[name], "share")]));
    parts.recall += board.dataset.written ? `, ${board.dataset.written}` : "";
    summary.textContent = fill(board.dataset.summary, { ...parts, alarms: words(sides.draft.alarms, "count"), missed: words(sides.draft.missed, "count") });
  }
  function fail(text) {
    summary.textContent = text;
    for (const cell of board.querySelectorAll("[data-of=draft]")) cell.textContent = board.dataset.nothing;
    for (const cell of board.querySelectorAll("[data-of=would_be]")) cell.hidden = true;
  }

  // Only the answer to the last question counts, whenever it comes.
  let asked = 0;
  async function measure() {
    const turn = ++asked;
    const thresholds = Object.fromEntries(labels.map((label) => [label.dataset.label, {
      review_at: number(field("review_at", label)), escalate_at: number(field("escalate_at", label)), mode: field("mode", label).value,
    }]));
    const held = form.elements.held_out;
    const body = { reference: board.dataset.usable ? board.dataset.reference : "", held_out: held ? held.type === "hidden" || held.checked : false, thresholds };
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf]").content };
    board.setAttribute("aria-busy", "true");
    let told = {};
    try {
      const answer = await fetch("/studio/figures", { method: "POST", headers, body: JSON.stringify(body) });
      told = await answer.json();
    } catch { /* no answer, or one that is not for scripts */ }
    if (turn !== asked) return;
    board.removeAttribute("aria-busy");
    if (told.draft) show(told);
    else fail(told.problem ?? board.dataset.failed);
  }

  // Distributions: fetched when somebody looks.
  const fetched = new Map();
  async function draw(label) {
    const details = label.querySelector(".scores");
    const [chart, sentence, table] = [".chart", "[data-sentence]", "details"].map((one) => details.querySelector(one));
    const { says, none, failed, range, active, draft: concept, escalate, x, y } = details.dataset;
    const name = label.dataset.label;
    let found;
    try {
      if (!fetched.has(name)) {
        const answer = await fetch(`/studio/scores?label=${encodeURIComponent(name)}`, { headers: { Accept: "application/json" } });
        fetched.set(name, await answer.json());
      }
      found = fetched.get(name);
    } catch {
      sentence.textContent = failed;
      return;
    }
    const { edges, counts } = found;
    const all = counts.reduce((sum, one) => sum + one, 0);
    const review = number(field("review_at", label));
    const over = counts.reduce((sum, one, bin) => sum + (edges[bin] >= review ? one : 0), 0);
    sentence.textContent = all ? fill(says, { all: formats.count.format(all), over: formats.count.format(over) }) : none;
    chart.hidden = table.hidden = !all;
    if (!all) return;
    table.querySelector("tbody").replaceChildren(...counts.map((count, bin) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      const cell = document.createElement("td");
      head.scope = "row";
      head.textContent = fill(range, { from: formats.score.format(edges[bin]), to: formats.score.format(edges[bin + 1]) });
      cell.className = "number";
      cell.textContent = formats.count.format(count);
      row.append(head, cell);
      return row;
    }));
    const lines = [
      [Number(label.dataset.activeReview), "@text", "dot", active, 1], [Number(label.dataset.activeEscalate), "@text", "dot", `${active}: ${escalate}`, 0.72],
      [review, "@high", "solid", concept, 0.86], [number(field("escalate_at", label)), "@high", "solid", `${concept}: ${escalate}`, 0.58],
    ].filter(([at]) => at);
    Charts.draw(chart, [{ type: "bar", x: counts.map((_, bin) => (edges[bin] + edges[bin + 1]) / 2), y: counts, width: edges[1] - edges[0], marker: { color: "@accent" } }], {
      xaxis: { range: [0, 1], title: { text: x } },
      yaxis: { type: "log", title: { text: y } },
      shapes: lines.map(([at, color, dash]) => ({ type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: { color, dash, width: 2 } })),
      annotations: lines.map(([at, color, , text, height]) => ({ x: at, yref: "paper", y: height, text, showarrow: false, xanchor: "left", font: { color }, bgcolor: "@card" })),
    });
  }

  // Sliders and fields.
  const slider = (label) => label.querySelector("[data-slider]");
  function follow(label) {
    const review = number(field("review_at", label));
    slider(label).value = review ?? 0;
    slider(label).setAttribute("aria-valuetext", review === null ? "" : formats.score.format(review));
  }
  // A slider takes the escalation along rather than pass it; the escalation goes back to where somebody put it.
  function slide(label, value) {
    field("review_at", label).value = value;
    const escalate = field("escalate_at", label);
    if (escalate?.dataset.put) escalate.value = Math.max(Number(escalate.dataset.put), Number(value));
    follow(label);
  }
  let waiting;
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      measure();
      labels.filter((label) => label.querySelector(".scores").open).forEach(draw);
    }, 150);
  }
  form.addEventListener("input", ({ target }) => {
    const label = target.closest("[data-label]");
    if (target.dataset.area) labels.filter((one) => one.dataset.inArea === target.dataset.area).forEach((one) => slide(one, target.value));
    else if (label && target === slider(label)) slide(label, target.value);
    else if (label && target === field("review_at", label)) follow(label);
    else if (label && target === field("escalate_at", label)) target.dataset.put = target.value;
    else if (!label && target.name !== "held_out") return;
    later();
  });
  for (const one of form.querySelectorAll(".slide")) one.hidden = false;
  for (const label of labels) {
    const escalate = field("escalate_at", label);
    if (escalate) escalate.dataset.put = escalate.value;
    follow(label);
    label.querySelector(".scores").addEventListener("toggle", (event) => event.target.open && draw(label));
  }
  for (const one of form.querySelectorAll("[data-area]")) {
    const within = labels.filter((label) => label.dataset.inArea === one.dataset.area).map((label) => number(field("review_at", label)));
    one.value = Math.max(...within);
    one.addEventListener("input", () => one.setAttribute("aria-valuetext", formats.score.format(Number(one.value))));
  }

  // A file that is too large is not sent: the answer could not be this page.
  const file = form.elements.file;
  const refusal = form.querySelector(".wrong-file");
  const fits = () => !file.files.length || file.files[0].size <= Number(file.dataset.most);
  file.addEventListener("change", () => { refusal.textContent = fits() ? "" : file.dataset.tooLarge; });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formEnctype === "multipart/form-data" && !fits()) {
      event.preventDefault();
      file.focus();
    }
  });

  document.getElementById("problem")?.focus();
  measure();
})();
