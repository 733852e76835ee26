"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function themed(layout) {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink").trim();
    const grid = style.getPropertyValue("--grid").trim();
    const card = style.getPropertyValue("--card").trim();
    const copy = JSON.parse(JSON.stringify(layout));
    for (const name of Object.keys(copy).filter((key) => /^[xy]axis\d*$/.test(key))) {
      Object.assign(copy[name], { gridcolor: grid, linecolor: grid, zerolinecolor: grid, automargin: true, fixedrange: true });
      copy[name].title = Object.assign({ standoff: 8, font: { size: 12 } }, copy[name].title);
    }
    const height = copy.height || 420;
    return Object.assign(copy, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink, size: 12, family: "system-ui, sans-serif" },
      hoverlabel: { bgcolor: card, bordercolor: grid, font: { color: ink } },
      legend: { orientation: "h", x: 0, xanchor: "left", y: -56 / (height - 170), yanchor: "top", font: { size: 11 }, bgcolor: "rgba(0,0,0,0)", ...copy.legend },
      margin: { l: 50, r: 14, t: 24, b: 40 },
      height,
      hovermode: "closest",
    });
  }

  function draw() {
    for (const [key, figure] of Object.entries(figures)) {
      const place = document.getElementById("plot-" + key);
      const layout = themed(figure.layout);
      Plotly.react(place, figure.data, layout, { responsive: true, displaylogo: false, displayModeBar: false });
    }
    document.documentElement.dataset.drawn = "yes";
  }

  dark.addEventListener("change", draw);
  draw();
})();
