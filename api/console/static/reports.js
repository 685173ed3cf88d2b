// Draws what a table says; without this script the table says it all the same.
"use strict";
(() => {
  const PERCENT = (value) => `${(value * 100).toFixed(1)}%`;
  const drawn = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // columns with `data-series`, rows with `data-row`; what has no value is a gap and no zero
  function read(table) {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.row);
    const series = heads.flatMap((head, place) => (head.dataset.series ? [{ name: head.dataset.series, place }] : []));
    const value = (cell) => (cell.dataset.value === undefined ? null : Number(cell.dataset.value));
    return {
      names: rows.map((row) => row.dataset.row),
      counts: rows.some((row) => [...row.cells].some((cell) => cell.dataset.count !== undefined)),
      series: series.map(({ name, place }) => ({ name, values: rows.map((row) => value(row.cells[place])) })),
    };
  }

  function option(kind, told, narrow) {
    const ink = colour("--ink");
    const line = colour("--line");
    const label = told.counts ? undefined : PERCENT;
    const names = { type: "category", data: told.names, axisLabel: { color: ink, interval: 0 }, axisLine: { lineStyle: { color: line } } };
    const values = {
      type: "value", min: 0, max: told.counts ? undefined : (range) => Math.max(1, range.max),
      axisLabel: { color: ink, formatter: label && ((value) => `${Math.round(value * 100)}%`) }, splitNumber: narrow ? 2 : 5, splitLine: { lineStyle: { color: line } },
    };
    const lying = kind === "bar" && narrow;
    if (kind === "bar" && !narrow) names.axisLabel = { color: ink, interval: 0, width: 84, overflow: "break" };
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      color: [colour("--work"), colour("--quiet")],
      tooltip: { renderMode: "richText", trigger: "axis", valueFormatter: (value) => (value === null || value === undefined ? "—" : label ? label(value) : value) },
      legend: { show: told.series.length > 1, top: 0, textStyle: { color: ink } },
      grid: { left: 8, right: 16, top: told.series.length > 1 ? 36 : 16, bottom: 8, containLabel: true },
      xAxis: lying ? values : names,
      yAxis: lying ? { ...names, inverse: true } : values,
      series: told.series.map((one) => ({ name: one.name, type: kind, data: one.values, barMaxWidth: 22, symbolSize: 8, connectNulls: false })),
    };
  }

  function draw(box) {
    const told = read(document.getElementById(box.dataset.of));
    if (!told.series.some((one) => one.values.some((value) => value !== null))) return;
    box.hidden = false;
    const panel = box.closest(".chart-panel");
    if (panel) panel.hidden = false;
    const chart = window.echarts.init(box);
    const paint = () => chart.setOption(option(box.dataset.chart, told, box.clientWidth < 700), true);
    paint();
    drawn.push(() => (chart.resize(), paint()));
  }

  if (!window.echarts) return;
  document.querySelectorAll("[data-chart]").forEach(draw);
  const again = () => drawn.forEach((one) => one());
  addEventListener("resize", again);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
