// Runs inside a copy of a report, after its own scripts: uses it as a reader would and writes what
// it found into the page.
"use strict";
(async function () {
  const problems = [];
  let checks = 0;
  function expect(holds, text) {
    checks += 1;
    if (!holds) { problems.push(text); }
  }
  function wait(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }
  function near(a, b) { return Math.abs(a - b) < 1e-6 * Math.max(1, Math.abs(a)); }
  // Numbers of the x axis from left to right, as they are printed.
  function printed(place) {
    return Array.from(place.querySelectorAll(".dygraph-axis-label-x"))
      .map(function (label) { return { at: label.getBoundingClientRect().left, value: Number(label.textContent) }; })
      .filter(function (label) { return Number.isFinite(label.value); })
      .sort(function (a, b) { return a.at - b.at; })
      .map(function (label) { return label.value; });
  }
  function mouse(target, kind, x, y, more) {
    target.dispatchEvent(new MouseEvent(kind, Object.assign({ bubbles: true, cancelable: true, view: window, clientX: x, clientY: y, screenX: x, screenY: y, button: 0, detail: 1 }, more || {})));
  }
  function direction(place, isFalling, name) {
    const numbers = printed(place);
    expect(numbers.length > 2, name + ": fewer than three numbers on the axis");
    for (let i = 1; i < numbers.length; i += 1) {
      expect(isFalling ? numbers[i] < numbers[i - 1] : numbers[i] > numbers[i - 1], name + ": the axis runs the wrong way: " + numbers.join(" "));
    }
  }

  async function plot(box, index) {
    const name = "plot " + (index + 1);
    box.scrollIntoView();
    for (let k = 0; k < 200 && !box.chart; k += 1) { await wait(20); }
    expect(Boolean(box.chart), name + ": was not drawn");
    if (!box.chart) { return; }
    const chart = box.chart;
    const data = JSON.parse(box.querySelector("script").textContent);
    expect(data.falling === (data.xlabel.indexOf("Wavenumber") === 0), name + ": falls for " + data.xlabel);
    expect(box.querySelector(".static").hidden, name + ": the static picture still shows");
    direction(box.querySelector(".chart"), data.falling, name);
    const buttons = Array.from(box.querySelectorAll(".zoom button"));
    expect(buttons.length === data.regions.length, name + ": buttons are missing");
    const sign = data.falling ? -1 : 1;
    buttons.forEach(function (button, k) {
      button.click();
      const range = chart.xAxisRange().map(function (v) { return sign * v; }).sort(function (a, b) { return a - b; });
      expect(near(range[0], data.regions[k][1]) && near(range[1], data.regions[k][2]), name + ": zoom to " + button.textContent + " shows " + range.join(" to "));
    });
    // Drag across the middle third, then double-click.
    const canvas = box.querySelectorAll(".chart canvas")[1];
    const rect = canvas.getBoundingClientRect();
    const area = chart.getArea();
    const y = rect.top + area.y + area.h / 2;
    const before = chart.xAxisRange();
    mouse(canvas, "mousedown", rect.left + area.x + area.w / 3, y);
    mouse(document, "mousemove", rect.left + area.x + 2 * area.w / 3, y);
    mouse(document, "mouseup", rect.left + area.x + 2 * area.w / 3, y);
    await wait(50);
    const after = chart.xAxisRange();
    expect(after[1] - after[0] < 0.5 * (before[1] - before[0]), name + ": dragging does not zoom");
    direction(box.querySelector(".chart"), data.falling, name + " zoomed");
    mouse(canvas, "mousedown", rect.left + area.x + area.w / 2, y);
    mouse(document, "mouseup", rect.left + area.x + area.w / 2, y);
    mouse(canvas, "dblclick", rect.left + area.x + area.w / 2, y, { detail: 2 });
    await wait(50);
    const all = chart.xAxisRange();
    expect(all[1] - all[0] > after[1] - after[0], name + ": double-click does not go back");
    mouse(canvas, "mousemove", rect.left + area.x + area.w / 2, y);
    expect(box.querySelector(".readout").textContent.indexOf("measured") > 0, name + ": hovering tells nothing");
  }

  function map(figure, index) {
    const name = "map " + (index + 1);
    const data = JSON.parse(figure.querySelector("script").textContent);
    const canvas = figure.querySelector(".pixels");
    const pixels = canvas.getContext("2d").getImageData(0, 0, data.nx, data.ny).data;
    expect(canvas.width === data.nx && canvas.height === data.ny, name + ": size differs");
    expect(figure.querySelector(".low").textContent !== "" && figure.querySelector(".high").textContent !== "", name + ": the colour bar has no limits");
    expect(figure.querySelector(".bar").getBoundingClientRect().height > 50, name + ": no colour bar");
    canvas.scrollIntoView();
    const rect = canvas.getBoundingClientRect();
    data.values.forEach(function (value, i) {
      const rgb = pixels.slice(4 * i, 4 * i + 3);
      const isGrey = rgb[0] === rgb[1] && rgb[1] === rgb[2];
      expect(isGrey === (value === null), name + ": pixel " + i + " is " + (isGrey ? "grey" : "coloured"));
      mouse(canvas, "mousemove", rect.left + (i % data.nx + 0.5) * rect.width / data.nx, rect.top + (Math.floor(i / data.nx) + 0.5) * rect.height / data.ny);
      const line = figure.querySelector(".readout").textContent;
      const shown = line.substring(line.lastIndexOf(": ") + 2);
      expect(value === null ? shown === "no value" : Math.abs(parseFloat(shown) - value) <= 1e-3 * Math.abs(value), name + ": pixel " + i + " holds " + value + ", shows " + shown);
    });
  }

  function overview(box) {
    expect(Boolean(box.summary), "the median was not drawn");
    direction(box.querySelector(".summary"), false, "median");
    const choice = box.querySelector("select");
    expect(choice.options.length > 60, "the picker is short");
    const first = box.querySelector(".picked").textContent;
    box.querySelector(".next").click();
    expect(box.querySelector(".picked").textContent !== first, "the picker does not move");
    expect(Boolean(box.single), "the picked spectrum was not drawn");
  }

  const plots = Array.from(document.querySelectorAll(".plot"));
  for (let i = 0; i < plots.length; i += 1) { await plot(plots[i], i); }
  const maps = Array.from(document.querySelectorAll("figure.map"));
  maps.forEach(map);
  const many = Array.from(document.querySelectorAll("#overview"));
  many.forEach(overview);
  const find = document.querySelector("input[type=search]");
  if (find !== null) {
    find.value = "no such text anywhere";
    find.dispatchEvent(new Event("input"));
    expect(Array.from(document.querySelectorAll("#batch tbody tr")).every(function (row) { return row.hidden; }), "the search hides nothing");
  }
  await wait(200);
  const page = document.documentElement;
  expect(page.scrollWidth <= page.clientWidth, "the page is wider than its window: " + page.scrollWidth + " to " + page.clientWidth);
  const out = document.createElement("pre");
  out.id = "findings";
  out.textContent = JSON.stringify({ faults: window.faults, problems: problems.slice(0, 20), pwned: window.pwned || 0, charts: plots.length + 2 * many.length, maps: maps.length, checks: checks });
  document.body.append(out);
}());
