const crypto = require('crypto');
for (const name of ['md5', 'sha1', 'sha256', 'sha512', 'SHA256', 'RSA-SHA256']) console.log(name, crypto.createHash(name).update('a').update(Buffer.from('b')).update('c3a9', 'hex').digest('hex'));
console.log(crypto.createHmac('sha256', 'key').update('text').digest('base64'), crypto.createHmac('md5', Buffer.from('k')).update('').digest('base64url'), crypto.createHash('sha1').digest());
const hash = crypto.createHash('md5');
hash.update('x');
console.log(hash.copy().digest('hex'), hash.digest('hex'));
for (const bad of [() => hash.update('y'), () => hash.digest(), () => crypto.createHash('md5').update(5), () => crypto.randomBytes(-1), () => crypto.randomInt(5, 5),
  () => crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2))]) try { bad(); console.log('no error'); } catch (error) { console.log(error.name, error.code); }
try { crypto.createHash('nope'); } catch (error) { console.log('unknown digest'); }
console.log(crypto.randomUUID().replace(/[0-9a-f]/g, 'x').replace(/x/g, (x, at) => (at === 14 ? '4' : x)), crypto.randomBytes(9).length, crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')));
const drawn = new Set(Array.from({ length: 200 }, () => crypto.randomInt(3, 6)));
console.log([...drawn].sort(), crypto.webcrypto.getRandomValues(new Uint8Array(4)).length, globalThis.crypto.randomUUID().length);
crypto.randomBytes(4, (error, bytes) => console.log(error, bytes.length));
const stream = crypto.createHash('sha1');
stream.on('data', (digest) => console.log(digest.toString('hex')));
stream.write('ab');
stream.end('c');
