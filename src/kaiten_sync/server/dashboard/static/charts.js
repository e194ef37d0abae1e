// Draws the tables of charts. Whoever has no JavaScript has the tables, which stay under the charts.
"use strict";

const POINTS = ["circle", "triangle", "rect", "rectRot", "crossRot"];
const LINES = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5"];
const BARS = ["--accent", "--bad"];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const grouped = (number) => number.toLocaleString("en-US");

function readTable(figure) {
  const table = figure.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells].slice(1);
  return {
    labels: rows.map((row) => row.cells[0].textContent.slice(5)),
    series: heads.map((head, column) => ({
      label: head.textContent,
      data: rows.map((row) => {
        const height = row.cells[column + 1].dataset.height;
        return height === undefined ? null : Number(height);
      }),
    })),
  };
}

function asBars({ label, data }, place) {
  return { label, data, backgroundColor: color(BARS[place]), stack: "all" };
}

function asLine({ label, data }, place) {
  const shade = color(LINES[place]);
  return {
    label, data, borderColor: shade, backgroundColor: shade, borderWidth: 2,
    pointStyle: POINTS[place], pointRadius: 3,
  };
}

function threshold(labels) {
  return {
    label: "threshold", data: labels.map(() => 100), borderColor: color("--bad"),
    borderDash: [6, 4], borderWidth: 1.5, pointStyle: "line", pointRadius: 0, pointHitRadius: 0,
  };
}

function draw(figure) {
  const { labels, series } = readTable(figure);
  const isLines = figure.dataset.chart === "lines";
  const datasets = isLines ? [...series.map(asLine), threshold(labels)] : series.map(asBars);
  const text = color("--soft");
  const grid = { color: color("--line") };
  const ticks = { color: text };
  return new Chart(figure.querySelector("canvas"), {
    type: isLines ? "line" : "bar",
    data: { labels, datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      font: { family: getComputedStyle(document.body).fontFamily },
      interaction: { mode: "index", intersect: false },
      // Tooltips too: the browser may have other separators than the page.
      locale: "en-US",
      plugins: { legend: { labels: { color: text, usePointStyle: isLines, boxWidth: 12, boxHeight: 8 } } },
      scales: {
        x: { stacked: !isLines, grid: { display: false }, ticks },
        y: {
          stacked: !isLines, beginAtZero: true, grid,
          ticks: { ...ticks, precision: 0, callback: (height) => isLines ? `${grouped(height)} %` : grouped(height) },
        },
      },
    },
  });
}

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  figure.querySelector(".plot").hidden = false;
  figure.querySelector("details").open = false;
  let chart = draw(figure);
  // Paper is light: what is printed has the colors of paper, whatever the screen has.
  for (const look of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(look).addEventListener("change", () => {
      chart.destroy();
      chart = draw(figure);
    });
  }
}
