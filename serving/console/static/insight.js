// Draws each chart from the table that says the same in words: a column whose head names the chart is a series.
// No patterns in bars: the library draws them by style attributes, which the policy refuses. Severities stand in a fixed order.
"use strict";
for (const box of document.querySelectorAll("[data-table]")) {
  const table = document.getElementById(box.dataset.table);
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const x = rows.map((row) => row.cells[0].textContent);
  const traces = heads.filter((head) => head.dataset.chart === box.id).map((head) => ({
    type: "bar", name: head.textContent, x, y: rows.map((row) => Number(row.cells[head.cellIndex].textContent)),
    marker: { color: head.dataset.colour },
  }));
  Charts.draw(box, traces, {
    barmode: "stack", showlegend: traces.length > 1, legend: { orientation: "h", y: -0.25 }, height: 260, hovermode: "x unified",
    xaxis: { type: "date", tickformat: "%d-%m" }, yaxis: { rangemode: "tozero", tickformat: "d" },
  });
}
