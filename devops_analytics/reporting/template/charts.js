// Charts are drawn from their JSON, in the reader's colours; the library is unpacked when the
// first is needed. Printing draws all of them in light colours.
"use strict";
(() => {
  const charts = [...document.querySelectorAll("figure.chart")];
  const names = JSON.parse(document.getElementById("palette").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const settings = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, typesetMath: false };
  const printWidth = 660;
  const specifications = new Map();
  let unpacking = null;

  const unpacked = async (id) => {
    const packed = document.getElementById(id).textContent;
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  const unpack = async () => {
    const texts = JSON.parse(await unpacked("charts")).map((one) => JSON.stringify(one));
    charts.forEach((chart, place) => specifications.set(chart, texts[place]));
    const script = document.createElement("script");
    script.textContent = await unpacked("plotly");
    document.head.append(script);
  };

  // A colour in the JSON is the light value of a name; on screen it becomes the scheme's value.
  const specification = (chart, printing) => {
    const style = getComputedStyle(document.documentElement);
    const text = specifications.get(chart);
    const coloured = printing ? text : text.replace(/"(#[0-9a-f]{6})"/g, (all, hex) =>
      hex in names ? `"${style.getPropertyValue(`--${names[hex]}`).trim()}"` : all);
    return JSON.parse(coloured);
  };

  // Every second label of an axis is left out where all would not fit beside each other.
  const letters = (text) => Math.max(...text.split("<br>").map((line) => line.length));
  const thin = ({ width, margin, xaxis, yaxis }) => {
    if (!xaxis.ticktext) return;
    const left = 7 * Math.max(4, ...(yaxis.ticktext ?? []).map(letters));
    const needed = xaxis.ticktext.reduce((sum, text) => sum + 7 * letters(text) + 6, 0);
    xaxis.tickangle = 0;
    if (needed <= width - left - margin.r) return;
    xaxis.ticktext = xaxis.ticktext.map((text, place) => (place % 2 ? "" : text));
  };

  const draw = (chart, printing = false) => {
    const place = chart.querySelector(".plot");
    const { data, layout } = specification(chart, printing);
    layout.width = printing ? printWidth : place.clientWidth;
    thin(layout);
    Plotly.react(place, data, layout, settings);
    chart.dataset.drawn = layout.width;
  };

  const show = async (chart) => {
    unpacking ??= unpack();
    await unpacking;
    if (!chart.dataset.drawn) draw(chart);
  };

  const giveUp = (error) => {
    for (const chart of charts.filter((one) => !one.dataset.drawn)) {
      chart.querySelector(".plot").textContent = "This browser can't draw the chart; its numbers are below.";
      chart.querySelector(".plot").style.minHeight = "0";
      for (const folded of chart.querySelectorAll("details")) folded.open = true;
    }
    console.error(error);
  };

  const drawn = () => (window.Plotly ? charts.filter((chart) => chart.dataset.drawn) : []);

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      seen.unobserve(entry.target);
      show(entry.target).catch(giveUp);
    }
  }, { rootMargin: "600px" });
  charts.forEach((chart) => seen.observe(chart));

  // What is out of sight is drawn when there is nothing else to do, so that it is there to print.
  const rest = async () => {
    for (const chart of charts) {
      await show(chart);
      await new Promise((next) => setTimeout(next));
    }
  };
  addEventListener("load", () => setTimeout(() => rest().catch(giveUp), 200));

  let resizing = 0;
  addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => drawn()
      .filter((chart) => chart.querySelector(".plot").clientWidth !== Number(chart.dataset.drawn))
      .forEach((chart) => draw(chart)), 150);
  });
  dark.addEventListener("change", () => drawn().forEach((chart) => draw(chart)));
  addEventListener("beforeprint", () => window.Plotly && charts.forEach((chart) => draw(chart, true)));
  addEventListener("afterprint", () => drawn().forEach((chart) => draw(chart)));
})();
