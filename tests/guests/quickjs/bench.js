// What the benchmark evaluates: calls, objects, arrays, strings, a sort and a hash, for about a second of interpretation.
'use strict';
function richards(n) {
  let queue = [], work = 0;
  for (let i = 0; i < 50; i++) queue.push({ id: i, left: 20 + (i % 7), next: null });
  for (let round = 0; round < n && queue.length; round++) {
    const task = queue.shift();
    work += task.id;
    if (--task.left > 0) queue.push(task);
    else queue.push({ id: task.id + 1, left: 20, next: task });
    if (task.next) task.next = null;
  }
  return work;
}
function strings(n) {
  const counts = {};
  for (let i = 0; i < n; i++) {
    const word = 'w' + ((i * 7919) % 1009).toString(36);
    counts[word] = (counts[word] || 0) + 1;
  }
  return Object.keys(counts).sort().slice(0, 5).join() + Object.values(counts).reduce((a, b) => a + b, 0);
}
function hash(n) {
  const data = new Uint8Array(1024).map((_, i) => i * 31);
  let h = 2166136261;
  for (let k = 0; k < n; k++) for (let i = 0; i < data.length; i++) h = Math.imul(h ^ data[i], 16777619) >>> 0;
  return h;
}
function floats(n) {
  let x = 0, y = 0, s = 0;
  for (let i = 0; i < n; i++) { const t = x * x - y * y - 0.4; y = 2 * x * y + 0.6; x = t; s += x; if (x * x + y * y > 4) x = y = 0; }
  return s.toFixed(6);
}
function sorting(n) {
  let seed = 1;
  const list = Array.from({ length: n }, () => (seed = (seed * 48271) % 2147483647));
  list.sort((a, b) => a - b);
  return list[0] + list[n >> 1];
}
print(richards(20000), strings(15000), hash(30), floats(60000), sorting(5000));
