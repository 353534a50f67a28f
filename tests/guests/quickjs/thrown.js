// An error that nobody catches comes out with its name and text.
print('before');
function inner() { throw new RangeError('out of the river: ' + 42); }
inner();
