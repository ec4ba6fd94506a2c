"use strict";
(function () {
  function bytes(text) {
    const raw = atob(text);
    const out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i += 1) { out[i] = raw.charCodeAt(i); }
    return out.buffer;
  }
  function series(code) {
    const whole = new Int16Array(bytes(code.d));
    return Float64Array.from(whole, function (v) { return v === -32768 ? NaN : code.o + code.s * v; });
  }
  function text(value) {
    const size = Math.abs(value);
    return size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  }
  function dataOf(box) { return JSON.parse(box.querySelector("script").textContent); }
  // Rising x for the chart: infrared axes are drawn as -x and their labels negated again.
  function rowsOf(x, columns, sign) {
    const rows = [];
    for (let i = 0; i < x.length; i += 1) {
      const row = [sign * x[i]];
      for (const column of columns) { row.push(Number.isNaN(column[i]) ? null : column[i]); }
      rows.push(row);
    }
    if (sign < 0) { rows.reverse(); }
    return rows;
  }
  function axesOf(sign, hidesX) {
    return {
      x: { axisLabelFormatter: function (v) { return hidesX ? "" : String(Math.round(sign * v * 100) / 100); }, drawGrid: true },
      y: { axisLabelFormatter: function (v) { return text(v); }, axisLabelWidth: 66, drawGrid: true }
    };
  }
  const common = { legend: "never", animatedZooms: false, gridLineColor: "#e6e9ec", axisLineColor: "#999", strokeWidth: 1.2, highlightCircleSize: 3, yLabelWidth: 20, titleHeight: 0 };

  function bandShape(band, x) {
    const u = 2 * (x - band[0]) / band[2];
    return Math.abs(u) > 6 ? 0 : band[1] * (band[3] / (1 + u * u) + (1 - band[3]) * Math.pow(2, -u * u));
  }
  function drawBands(pen, chart, data, x, background, sign) {
    const shown = chart.xAxisRange();
    for (const band of data.bands) {
      const from = band[0] - 3 * band[2];
      const to = band[0] + 3 * band[2];
      const upper = [];
      const lower = [];
      for (let i = 0; i < x.length; i += 1) {
        if (x[i] < from || x[i] > to || Number.isNaN(background[i])) { continue; }
        const at = sign * x[i];
        if (at < shown[0] || at > shown[1]) { continue; }
        const px = chart.toDomXCoord(at);
        upper.push([px, chart.toDomYCoord(background[i] + bandShape(band, x[i]))]);
        lower.push([px, chart.toDomYCoord(background[i])]);
      }
      if (upper.length < 2) { continue; }
      pen.beginPath();
      upper.concat(lower.reverse()).forEach(function (p, k) { if (k === 0) { pen.moveTo(p[0], p[1]); } else { pen.lineTo(p[0], p[1]); } });
      pen.closePath();
      pen.fillStyle = band[4];
      pen.globalAlpha = 0.16;
      pen.fill();
      pen.globalAlpha = 0.6;
      pen.lineWidth = 0.7;
      pen.strokeStyle = band[4];
      pen.stroke();
      pen.globalAlpha = 1;
    }
  }
  // Strongest first, each in the first of two rows where it covers no other.
  function drawLabels(pen, area, chart, data, sign) {
    const rows = [[], []];
    pen.font = "11px Helvetica, Arial, sans-serif";
    pen.textAlign = "center";
    for (const label of data.labels) {
      const at = chart.toDomXCoord(sign * label[0]);
      const half = 0.5 * pen.measureText(label[1]).width + 4;
      if (at < area.x + 2 || at > area.x + area.w - 2) { continue; }
      const middle = Math.min(Math.max(at, area.x + half), area.x + area.w - half);
      const row = rows.findIndex(function (taken) { return taken.every(function (t) { return Math.abs(t[0] - middle) > t[1] + half; }); });
      if (row < 0) { continue; }
      rows[row].push([middle, half]);
      pen.fillStyle = "#333";
      pen.fillText(label[1], middle, area.y + 11 + 13 * row);
      pen.strokeStyle = "#b0b0b0";
      pen.setLineDash([2, 3]);
      pen.beginPath();
      pen.moveTo(at, area.y + 15 + 13 * row);
      pen.lineTo(at, area.y + area.h);
      pen.stroke();
      pen.setLineDash([]);
    }
  }
  function zoomButtons(box, data, chart, sign) {
    const bar = box.querySelector(".zoom");
    bar.append("Zoom: ");
    data.regions.forEach(function (region) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = region[0];
      button.addEventListener("click", function () { chart.updateOptions({ dateWindow: windowOf(region, sign) }); });
      bar.append(button);
    });
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = "drag to zoom, double-click to see all";
    bar.append(hint);
  }
  function windowOf(region, sign) { return sign > 0 ? [region[1], region[2]] : [-region[2], -region[1]]; }
  function readout(line, data, sign, names) {
    return function (event, at, points) {
      let out = String(Math.round(sign * at * 10) / 10) + " " + data.unit + ": ";
      out += points.filter(function (p) { return Number.isFinite(p.yval); }).map(function (p) { return (names[p.name] || p.name) + " " + text(p.yval); }).join(", ");
      line.textContent = out;
    };
  }
  function draw(box) {
    const data = dataOf(box);
    const x = new Float32Array(bytes(data.x));
    const sign = data.falling ? -1 : 1;
    const columns = data.series.map(series);
    const live = box.querySelector(".live");
    live.hidden = false;
    box.querySelector(".static").hidden = true;
    const hasFit = columns.length > 1;
    const names = ["measured", "fit", "background"].slice(0, columns.length);
    const rest = live.querySelector(".rest");
    let residual = null;
    if (hasFit) {
      const difference = columns[0].map(function (v, i) { return v - columns[1][i]; });
      residual = new Dygraph(rest, rowsOf(x, [difference], sign), Object.assign({}, common, {
        labels: ["x", "residual"], colors: ["#444444"], ylabel: "residual", axes: axesOf(sign, true), interactionModel: {},
        dateWindow: windowOf(data.regions[0], sign), highlightCircleSize: 0
      }));
    } else {
      rest.hidden = true;
    }
    const chart = new Dygraph(live.querySelector(".chart"), rowsOf(x, columns, sign), Object.assign({}, common, {
      labels: ["x"].concat(names), colors: ["#222222", "#D55E00", "#56B4E9"].slice(0, columns.length),
      series: { background: { strokePattern: [6, 3] } },
      xlabel: data.xlabel, ylabel: data.ylabel, axes: axesOf(sign, false), yRangePad: hasFit ? 32 : 4,
      dateWindow: windowOf(data.regions[0], sign),
      highlightCallback: readout(live.querySelector(".readout"), data, sign, {}),
      unhighlightCallback: function () { live.querySelector(".readout").textContent = "\u00a0"; },
      underlayCallback: function (pen, area, own) {
        if (!hasFit) { return; }
        pen.save();
        pen.beginPath();
        pen.rect(area.x, area.y, area.w, area.h);
        pen.clip();
        drawBands(pen, own, data, x, columns[2], sign);
        drawLabels(pen, area, own, data, sign);
        pen.restore();
      },
      drawCallback: function (own, isFirst) {
        if (residual !== null && !isFirst) { residual.updateOptions({ dateWindow: own.xAxisRange() }); }
      }
    }));
    zoomButtons(box, data, chart, sign);
    box.chart = chart;
  }

  function viridis(t) {
    const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
    const at = Math.min(3.999, Math.max(0, t * 4));
    const k = Math.floor(at);
    return stops[k].map(function (c, i) { return Math.round(c + (at - k) * (stops[k + 1][i] - c)); });
  }
  function limit(value) { return text(Number(value.toPrecision(3))); }
  function map(figure) {
    const data = dataOf(figure);
    const canvas = figure.querySelector(".pixels");
    const line = figure.querySelector(".readout");
    const range = (data.high - data.low) || 1;
    canvas.width = data.nx;
    canvas.height = data.ny;
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(data.nx, data.ny);
    data.values.forEach(function (v, i) {
      const rgb = v === null ? [190, 190, 190] : viridis((v - data.low) / range);
      image.data.set([rgb[0], rgb[1], rgb[2], 255], 4 * i);
    });
    pen.putImageData(image, 0, 0);
    const unit = data.unit === "" ? "" : " " + data.unit;
    figure.querySelector(".high").textContent = limit(data.high);
    figure.querySelector(".low").textContent = limit(data.low);
    canvas.addEventListener("mousemove", function (event) {
      const rect = canvas.getBoundingClientRect();
      const cx = Math.min(data.nx - 1, Math.max(0, Math.floor((event.clientX - rect.left) / rect.width * data.nx)));
      const cy = Math.min(data.ny - 1, Math.max(0, Math.floor((event.clientY - rect.top) / rect.height * data.ny)));
      const v = data.values[cy * data.nx + cx];
      const place = data.step_x > 0 ? " (" + text(cx * data.step_x) + ", " + text(cy * data.step_y) + " µm)" : "";
      line.textContent = "pixel " + (cx + 1) + ", " + (cy + 1) + place + ": " + (v === null || v === undefined ? "no value" : text(v) + unit);
    });
    canvas.addEventListener("mouseleave", function () { line.textContent = "\u00a0"; });
  }

  function overview(box) {
    const data = dataOf(box);
    const axes = data.axes.map(function (axis) {
      return { x: new Float32Array(bytes(axis.x)), sign: axis.falling ? -1 : 1, own: axis };
    });
    const note = box.querySelector(".summary-note");
    if (data.summary) {
      const axis = axes[data.summary.axis];
      const curves = data.summary.series.map(series);
      note.textContent = "Median and band from the 5th to the 95th percentile of " + data.summary.count + " analysed spectra that share an axis, as recorded.";
      const rows = rowsOf(axis.x, curves, axis.sign).map(function (row) { return [row[0], [row[1], row[2], row[3]]]; });
      box.summary = new Dygraph(box.querySelector(".summary"), rows, Object.assign({}, common, {
        labels: ["x", "median"], colors: ["#0072B2"], customBars: true, xlabel: axis.own.xlabel, ylabel: axis.own.ylabel, axes: axesOf(axis.sign, false)
      }));
    } else {
      box.querySelector(".summary").hidden = true;
    }
    const choice = box.querySelector("select");
    data.spectra.forEach(function (spectrum, i) {
      const option = document.createElement("option");
      option.value = String(i);
      option.textContent = spectrum.name;
      choice.append(option);
    });
    let single = null;
    function show() {
      const spectrum = data.spectra[choice.selectedIndex];
      box.querySelector(".picked").textContent = spectrum.name + ": " + spectrum.finding;
      const place = box.querySelector(".single");
      if (single !== null) { single.destroy(); single = null; }
      place.hidden = !spectrum.series;
      if (!spectrum.series) { return; }
      const axis = axes[spectrum.axis];
      const columns = spectrum.series.map(series);
      single = new Dygraph(place, rowsOf(axis.x, columns, axis.sign), Object.assign({}, common, {
        labels: ["x", "measured", "fit", "background"].slice(0, columns.length + 1), colors: ["#222222", "#D55E00", "#56B4E9"].slice(0, columns.length),
        xlabel: axis.own.xlabel, ylabel: axis.own.ylabel, axes: axesOf(axis.sign, false)
      }));
      box.single = single;
    }
    function step(by) {
      choice.selectedIndex = Math.min(data.spectra.length - 1, Math.max(0, choice.selectedIndex + by));
      show();
    }
    choice.addEventListener("change", show);
    box.querySelector(".back").addEventListener("click", function () { step(-1); });
    box.querySelector(".next").addEventListener("click", function () { step(1); });
    if (data.spectra.length > 0) { show(); }
  }
  function search(input) {
    input.addEventListener("input", function () {
      const wanted = input.value.toLowerCase();
      document.querySelectorAll("#batch tbody tr").forEach(function (row) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
      });
    });
  }
  document.querySelectorAll("figure.map").forEach(map);
  document.querySelectorAll("input[type=search]").forEach(search);
  if (typeof Dygraph !== "undefined") {
    document.querySelectorAll("#overview").forEach(overview);
    // One after another, so that the page answers while the later ones are drawn.
    const boxes = Array.from(document.querySelectorAll(".plot"));
    const next = function () {
      if (boxes.length > 0) { draw(boxes.shift()); setTimeout(next, 0); }
    };
    next();
  }
}());
