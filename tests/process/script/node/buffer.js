const { Buffer: Same } = require('node:buffer');
console.log(Same === Buffer, Buffer.from('héllo wörld'), Buffer.from('aGk', 'base64').toString(), Buffer.from('hi').toString('base64'), Buffer.from([255, 254]).toString('base64url'));
console.log(Buffer.from('__4', 'base64url'), Buffer.concat([Buffer.from('a'), Buffer.alloc(2), Buffer.from('b')]), Buffer.byteLength('é'), Buffer.compare(Buffer.from('a'), Buffer.from('b')));
const bytes = Buffer.alloc(16);
bytes.writeDoubleBE(1.5, 0);
bytes.writeInt32LE(-2, 8);
bytes.writeUInt16BE(65535, 12);
console.log(bytes.toString('hex'), bytes.readDoubleBE(0), bytes.readInt32LE(8), bytes.slice(12, 14).equals(Buffer.from('ffff', 'hex')), bytes.indexOf(255));
console.log(JSON.stringify(Buffer.from('ab')), Buffer.isBuffer(bytes), Buffer.isEncoding('utf-8'), Buffer.isEncoding('nope'), Buffer.from('ÿ', 'latin1'), Buffer.from('x').toString('utf16le').length);
console.log(Buffer.from([0xc3, 0x28, 0x41]).toString(), atob('aGk='), btoa('hi'), new TextDecoder('latin1').decode(new Uint8Array([233])));
console.log(new TextEncoder().encode('€'), new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x41])), new TextDecoder('utf-16le').decode(new Uint8Array([0x41, 0])));
const parts = new TextDecoder();
console.log(parts.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + parts.decode(new Uint8Array([0xac])));
try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])); } catch (error) { console.log(error.name, error.code); }
const { StringDecoder } = require('string_decoder');
const decoder = new StringDecoder('utf8');
console.log(decoder.write(Buffer.from([0xe2, 0x82])) + decoder.write(Buffer.from([0xac])) + decoder.end());
