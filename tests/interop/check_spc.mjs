// What `convert --to spc` wrote, as spc-parser (npm) reads it, against the CSV of the same spectra:
//   node tests/interop/check_spc.mjs spectra.spc spectra.csv
import fs from 'fs';
import {parse} from 'spc-parser';

const [spc, csv] = process.argv.slice(2);
const bytes = fs.readFileSync(spc);
const {spectra} = parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const byX = (a, b) => a[0] - b[0];
const rows = fs.readFileSync(csv, 'utf8').trim().split('\n').slice(1)
  .map((line) => line.split(',').map(Number)).sort(byX);
const columns = rows[0].length - 1;
if (spectra.length !== columns) throw new Error(`${spectra.length} spectra, not ${columns}`);
let worst = 0;
spectra.forEach(({variables: {x, y}}, k) => {
  if (x.data.length !== rows.length) throw new Error(`${x.data.length} points`);
  const points = Array.from(x.data, (value, i) => [value, y.data[i]]).sort(byX);
  const largest = Math.max(...rows.map((row) => Math.abs(row[k + 1])));
  rows.forEach((row, i) => {
    worst = Math.max(worst, Math.abs(points[i][0] / row[0] - 1),
                     Math.abs(points[i][1] - row[k + 1]) / largest);
  });
});
console.log(`${spc}: ${columns} spectra of ${rows.length} points, within ${worst}`);
if (!(worst < 1e-6)) throw new Error('not the numbers that were written');
