const path = require('path');
for (const [left, right] of [['/a/b/../c', 'd'], ['a', '..'], ['', ''], ['/a/', '/b'], ['./x', './y/'], ['/..', 'z']]) {
  console.log(path.join(left, right), path.resolve('/r', left, right), path.normalize(left), path.relative('/a/b', path.resolve('/', left)), path.dirname(left), path.basename(left), path.isAbsolute(left));
}
console.log(path.parse('/home/u/file.tar.gz'), path.format({ dir: '/x', name: 'n', ext: '.e' }), path.extname('.b.c'), path.sep, path.delimiter, path.posix === path);
console.log(require('path/posix').join('a', 'b'));
for (const file of ['/a/b.js', '/a/b.', '/a/b', '/a.b/c', '/a/.b', '/a/.b.c', '/a', '/', '//a', '/a/', '/a/b.js/', '/a//b.js', '/a/./b', '/a/../b', '/a/..', '/a/b..', 'a.js', '..', '.', '']) {
  console.log(JSON.stringify([path.dirname(file), path.basename(file), path.basename(file, '.js'), path.extname(file), path.normalize(file), path.resolve('/r', file)]));
  for (const other of ['/x', 'x', '', '.', '..', '/', './x', 'x/']) {
    console.log(JSON.stringify([path.join(file, other), path.join(other, file), path.resolve(file || '/', other), path.join(file, other, 'z'), path.join(file)]));
  }
}
for (const call of ['join', 'dirname', 'basename', 'extname', 'normalize', 'resolve']) {
  for (const given of [undefined, null, 5, {}]) {
    try {
      console.log(path[call]('/a', given));
    } catch (error) {
      console.log(call, error.name);
    }
    try {
      console.log(path[call](given, '/a'));
    } catch (error) {
      console.log(call, error.name);
    }
  }
}
