const path = require('path');
for (const [left, right] of [['/a/b/../c', 'd'], ['a', '..'], ['', ''], ['/a/', '/b'], ['./x', './y/'], ['/..', 'z']]) {
  console.log(path.join(left, right), path.resolve('/r', left, right), path.normalize(left), path.relative('/a/b', path.resolve('/', left)), path.dirname(left), path.basename(left), path.isAbsolute(left));
}
console.log(path.parse('/home/u/file.tar.gz'), path.format({ dir: '/x', name: 'n', ext: '.e' }), path.extname('.b.c'), path.sep, path.delimiter, path.posix === path);
console.log(require('path/posix').join('a', 'b'));
