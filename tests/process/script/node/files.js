const fs = require('fs');
const path = require('path');
console.log(fs.readFileSync('data/text.txt', 'utf8'), fs.readFileSync(path.join(__dirname, 'data/text.txt')), fs.readFileSync('data/text.txt', { encoding: 'base64' }));
console.log(fs.existsSync('data'), fs.existsSync('data/none'), fs.readdirSync('data'), fs.readdirSync('data', { withFileTypes: true }).map((one) => [one.name, one.isFile(), one.isDirectory(), one.isSymbolicLink()]));
console.log(fs.readdirSync('data', { recursive: true }).sort());
const { size, mode } = fs.statSync('data/text.txt');
console.log(size, (mode & 0o170000) === fs.constants.S_IFREG, fs.statSync('data').isDirectory(), fs.lstatSync('data/link').isSymbolicLink(), fs.statSync('data/link').isFile(), fs.readlinkSync('data/link'));
console.log(fs.realpathSync('data/link') === path.resolve('data/text.txt'), fs.realpathSync.native('data') === path.resolve('data'), fs.statSync('none', { throwIfNoEntry: false }));
for (const bad of [() => fs.readFileSync('none'), () => fs.readFileSync('data'), () => fs.readdirSync('data/text.txt'), () => fs.statSync('data/text.txt/x'), () => fs.readFileSync(undefined), () => fs.accessSync('none'), () => fs.readlinkSync('data/text.txt')]) {
  try { bad(); console.log('no error'); } catch (error) { console.log(error.code, error.syscall, error.errno, error.path, error.message.split('\n')[0].slice(0, 70)); }
}
let streamed = '';
(async () => {
  await new Promise((done) => fs.readFile('data/text.txt', 'utf8', (error, text) => done(console.log('callback', error, text.length))));
  await new Promise((done) => fs.readFile('none', (error) => done(console.log('callback', error.code))));
  console.log('promise', (await fs.promises.readFile('data/text.txt', 'utf8')).trim());
  await require('fs/promises').stat('none').catch((error) => console.log('promise', error.code));
  fs.createReadStream('data/text.txt', { encoding: 'utf8', start: 1 }).on('data', (chunk) => { streamed += chunk; }).on('end', () => console.log('stream', streamed));
})();
const fd = fs.openSync('data/text.txt', 'r');
const bytes = Buffer.alloc(4);
console.log(fs.readSync(fd, bytes, 0, 4, 1), bytes.toString(), fs.fstatSync(fd).size);
fs.closeSync(fd);
