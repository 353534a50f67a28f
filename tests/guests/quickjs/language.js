// The language, from closures to generators, big integers and regular expressions; results go out through the host.
'use strict';
class Boat {
  #crew = [];
  static built = 0;
  constructor(name) { this.name = name; Boat.built++; }
  board(...people) { this.#crew.push(...people); return this; }
  get crew() { return [...this.#crew].sort(); }
  *[Symbol.iterator]() { yield* this.#crew; }
}
const boat = new Boat('wherry').board('Zoe', 'Ann', 'Émile');
print(boat.name, boat.crew, Boat.built, [...boat].length);

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
print('fib', fib(18));
print('big', 2n ** 100n, (12345678901234567890n * 98765432109876543210n) % 1000000007n);
print('floats', 0.1 + 0.2, 1 / 3, 1e21, -0, 5e-324, (255).toString(36), (0.000001234).toExponential(2), Math.hypot(3, 4));
print('regexp', 'the quick brown fox'.replace(/(?<w>\w+) (\w+)/g, '$2 $<w>'), /(\d+)-(\d+)/.exec('tel 555-1234').slice(1));
print('unicode', '渡し舟 🚣'.length, [...'渡し舟 🚣'].length, 'ß'.toUpperCase(), 'é'.normalize('NFD').length);

const counts = new Map();
for (const word of 'a b a c b a'.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
print('map', JSON.stringify([...counts].sort((a, b) => b[1] - a[1])));
const { x, ...rest } = { x: 1, y: [2, { z: 3 }], ['com' + 'puted']: null };
print('json', JSON.stringify({ x, rest, date: new Date(0).toISOString() }, null, 1));
print('typed', Array.from(new Uint8Array(new Float64Array([1.5]).buffer)), new Int32Array([3, 1, 2]).sort().join());
function* count(n) { for (let i = 0; i < n; i++) if ((yield i) === 'stop') return 'stopped'; }
const it = count(5);
print('generator', it.next().value, it.next().value, JSON.stringify(it.next('stop')));
try { null.property; } catch (error) { print('caught', error instanceof TypeError, error.name); }
print('deep', (function deep(n) { return n ? 1 + deep(n - 1) : 0; })(100));
label: for (let i = 0; ; i++) { switch (i) { case 3: continue label; case 5: break label; default: print('loop', i); } }
let order = [];
Promise.resolve(1).then((v) => order.push(v + 1)).finally(() => order.push('done'));
(async () => { order.push('sync'); await null; order.push('later'); })();
globalThis.afterJobs = () => order.join();
const proxy = new Proxy({}, { get: (_, key) => `<${String(key)}>` });
print('proxy', proxy.anything, Reflect.ownKeys({ b: 1, a: 2, 1: 3 }).join());
print('host time', new Date(Date.now()).toISOString(), Math.random(), Math.random());
'the last value';
