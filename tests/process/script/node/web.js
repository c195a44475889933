const url = require('url');
const parsed = new URL('../x/./y?a=1&b=%20&a=2#frag', 'https://user:p%40ss@example.com:8443/one/two/three');
for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']) console.log(name, parsed[name]);
console.log(parsed.searchParams.getAll('a'), [...parsed.searchParams], String(new URLSearchParams({ q: 'a b&c', é: 'ü' })), JSON.stringify({ url: parsed }));
parsed.searchParams.append('c', 'd/e');
parsed.port = '443';
console.log(parsed.toString(), URL.canParse('nope'), URL.canParse('a:b'));
for (const bad of ['nope', 'http://', 'http://a b/', '']) try { new URL(bad); } catch (error) { console.log(error.name, error.code, error.message, error.input); }
console.log(url.parse('postgres://u:p@h:5432/db?x=1&y=2', true).query.y, url.parse('/a?b#c').pathname, url.resolve('/one/two', '../three'), url.format({ protocol: 'http', host: 'a', pathname: '/b', query: { c: 1 } }));
console.log(url.pathToFileURL('/tmp/a b#%?.js').href, url.fileURLToPath('file:///tmp/a%20b%23'), url.fileURLToPath(new URL('file:///x')));
for (const bad of ['http://x', 'file:///a%2fb', 'file://host/x']) try { url.fileURLToPath(bad); } catch (error) { console.log(error.code); }
console.log(require('querystring').parse('a=1&b=2&a=%203'), require('querystring').stringify({ x: [1, 2], y: 'z w' }));
const original = { date: new Date(5), map: new Map([[1, { a: new Set([2]) }]]), bytes: new Uint8Array([1, 2]), nested: [undefined, null, 1n] };
original.self = original;
const copy = structuredClone(original);
console.log(copy.date.getTime(), copy.map.get(1).a.has(2), copy.bytes, copy.nested, copy.self === copy, copy !== original);
try { structuredClone(() => 1); } catch (error) { console.log(error.name); }
console.log(typeof performance.now(), performance.timeOrigin > 1e12, process.hrtime().length, typeof process.hrtime.bigint());
