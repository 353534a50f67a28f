// Host functions: numbers and strings both ways, a missing key, a host that fails, and many calls.
print('add', add(2, 40), add(0.5, 0.25), add(1e300, 1e300));
print('lookup', lookup('greeting'), lookup('unicode'), lookup('nothing'));
try {
  failing();
} catch (error) {
  print('failing', error.name, error.message);
}
let sum = 0;
for (let i = 0; i < 2000; i++) sum = add(sum, i);
print('sum', sum);
print('long', lookup('long').length, lookup('x'.repeat(100000)));
const calls = ['b', 'a', 'c'].sort((p, q) => add(p.charCodeAt(0), -q.charCodeAt(0)));
print('callbacks', calls.join(''), [1, 2, 3].map((n) => add(n, n)).join());
sum;
