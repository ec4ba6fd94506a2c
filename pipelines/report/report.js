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
    const out = new Float64Array(whole.length);
    for (let i = 0; i < whole.length; i += 1) { out[i] = whole[i] === -32768 ? NaN : code.o + code.s * whole[i]; }
    return out;
  }
  function text(value) {
    const size = Math.abs(value);
    return size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  }
  function draw(box) {
    const data = JSON.parse(box.querySelector("script").textContent);
    const x = new Float32Array(bytes(data.x));
    const sign = data.falling ? -1 : 1;
    const columns = data.series.map(series);
    const rows = [];
    for (let i = 0; i < x.length; i += 1) {
      const row = [sign * x[i]];
      for (const column of columns) { row.push(Number.isNaN(column[i]) ? null : column[i]); }
      rows.push(row);
    }
    if (data.falling) { rows.reverse(); }
    box.classList.add("live");
    const chart = new Dygraph(box.querySelector(".chart"), rows, {
      labels: ["x"].concat(data.names), colors: data.colors, strokeWidth: 1.2,
      xlabel: data.xlabel, ylabel: data.ylabel, labelsSeparateLines: false, legend: "always",
      labelsDiv: box.querySelector(".legend"), animatedZooms: false, gridLineColor: "#e4e4e4",
      axes: {
        x: { axisLabelFormatter: function (v) { return text(sign * v); }, valueFormatter: function (v) { return text(sign * v) + " 1/cm"; } },
        y: { axisLabelFormatter: text, valueFormatter: text, axisLabelWidth: 70 }
      }
    });
    box.chart = chart;
  }
  function viridis(t) {
    const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
    const at = Math.min(3.999, Math.max(0, t * 4));
    const k = Math.floor(at);
    return stops[k].map(function (c, i) { return Math.round(c + (at - k) * (stops[k + 1][i] - c)); });
  }
  function map(canvas) {
    const data = JSON.parse(canvas.nextElementSibling.textContent);
    const scale = Math.max(1, Math.floor(480 / data.nx));
    canvas.width = data.nx * scale;
    canvas.height = data.ny * scale;
    const pen = canvas.getContext("2d");
    data.values.forEach(function (v, i) {
      const rgb = v === null ? [190, 190, 190] : viridis((v - data.low) / ((data.high - data.low) || 1));
      pen.fillStyle = "rgb(" + rgb.join(",") + ")";
      pen.fillRect((i % data.nx) * scale, Math.floor(i / data.nx) * scale, scale, scale);
    });
    canvas.addEventListener("mousemove", function (event) {
      const rect = canvas.getBoundingClientRect();
      const cx = Math.floor((event.clientX - rect.left) / rect.width * data.nx);
      const cy = Math.floor((event.clientY - rect.top) / rect.height * data.ny);
      const v = data.values[cy * data.nx + cx];
      canvas.title = v === null || v === undefined ? "no value" : text(v);
    });
  }
  function search(input) {
    input.addEventListener("input", function () {
      const wanted = input.value.toLowerCase();
      document.querySelectorAll("#batch tbody tr").forEach(function (row) {
        row.style.display = row.textContent.toLowerCase().includes(wanted) ? "" : "none";
      });
    });
  }
  document.querySelectorAll("canvas.map").forEach(map);
  document.querySelectorAll("input[type=search]").forEach(search);
  if (typeof Dygraph !== "undefined") {
    const watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting && !entry.target.chart) { watch.unobserve(entry.target); draw(entry.target); }
      });
    }, { rootMargin: "400px" });
    document.querySelectorAll(".plot").forEach(function (box) { watch.observe(box); });
  }
}());
