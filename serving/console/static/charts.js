// Charts in the page's own colours. Load /charts.js (the library) before this file.
"use strict";
const Charts = (() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const drawn = new Map();

  // Draws traces into the element; a trace's or shape's colour may be named as in console.css: "@accent".
  function draw(element, traces, layout = {}) {
    drawn.set(element, [traces, layout]);
    const paint = (value) => JSON.parse(JSON.stringify(value).replace(/"@([a-z-]+)"/g, (_, name) => JSON.stringify(colour(name))));
    const axis = { gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"), automargin: true };
    const given = paint(layout);
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("text"), family: "system-ui, sans-serif", size: 13 },
      margin: { l: 48, r: 12, t: 12, b: 40 }, showlegend: false, height: 220, ...given,
      xaxis: { ...axis, ...given.xaxis }, yaxis: { ...axis, ...given.yaxis },
    };
    return Plotly.react(element, paint(traces), base, { displayModeBar: false, responsive: true });
  }
  document.addEventListener("themechange", () => drawn.forEach(([traces, layout], element) => draw(element, traces, layout)));
  return { draw };
})();
