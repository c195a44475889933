// SPDX-License-Identifier: Apache-2.0
'use strict';

const { host, refuse } = require('alkemio-init:host');

// Linux's numbers, and libuv's texts for those that reading files can give.
const errno = { EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, ENOEXEC: 8, EBADF: 9, ECHILD: 10, EAGAIN: 11, ENOMEM: 12,
  EACCES: 13, EFAULT: 14, EBUSY: 16, EEXIST: 17, EXDEV: 18, ENODEV: 19, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOTTY: 25,
  ETXTBSY: 26, EFBIG: 27, ENOSPC: 28, ESPIPE: 29, EROFS: 30, EMLINK: 31, EPIPE: 32, ENAMETOOLONG: 36, ENOSYS: 38, ENOTEMPTY: 39, ELOOP: 40,
  EADDRINUSE: 98, ENETUNREACH: 101, ECONNABORTED: 103, ECONNRESET: 104, ENOTCONN: 107, ETIMEDOUT: 110, ECONNREFUSED: 111, EHOSTUNREACH: 113 };
const texts = { EPERM: 'operation not permitted', ENOENT: 'no such file or directory', EIO: 'i/o error', ENOMEM: 'not enough memory',
  EACCES: 'permission denied', EBUSY: 'resource busy or locked', ENOTDIR: 'not a directory', EISDIR: 'illegal operation on a directory',
  EINVAL: 'invalid argument', ENFILE: 'file table overflow', EMFILE: 'too many open files', EFBIG: 'file too large', EROFS: 'read-only file system',
  ENAMETOOLONG: 'name too long', ELOOP: 'too many symbolic links encountered' };
const names = ['HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM', 'STKFLT', 'CHLD',
  'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS'];

const system = host.system();
const os = {
  EOL: '\n',
  devNull: '/dev/null',
  constants: { signals: Object.fromEntries(names.map((name, at) => [`SIG${name}`, at + 1])), errno, priority: {} },
  arch: () => host.architecture,
  platform: () => 'linux',
  type: () => system.type,
  release: () => system.release,
  version: () => system.version,
  machine: () => system.machine,
  hostname: () => system.hostname,
  homedir: () => process.env.HOME ?? '/',
  tmpdir: () => (process.env.TMPDIR ?? process.env.TMP ?? process.env.TEMP ?? '/tmp').replace(/(.)\/$/, '$1'),
  endianness: () => 'LE',
  uptime: () => host.system().uptime,
  loadavg: () => host.system().load,
  totalmem: () => host.system().total,
  freemem: () => host.system().free,
  availableParallelism: () => system.processors,
  cpus: () => Array.from({ length: system.processors }, () => ({ model: 'unknown', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } })),
  networkInterfaces: () => ({}),
  userInfo: () => ({ uid: host.uid, gid: host.gid, username: process.env.USER ?? String(host.uid), homedir: os.homedir(), shell: process.env.SHELL ?? null }),
};
Object.defineProperty(os, 'errorNames', { value: new Map(Object.entries(errno).map(([name, number]) => [number, name])) });
// For our fs, which reports by the same numbers.
Object.defineProperty(os, 'forFiles', { value: {
  errorNames: os.errorNames,
  errorTexts: new Map(Object.entries(texts).map(([name, message]) => [errno[name], message])),
  constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024,
    O_SYNC: 1052672, O_DIRECTORY: 65536, O_NOFOLLOW: 131072, S_IFMT: 61440, S_IFREG: 32768, S_IFDIR: 16384, S_IFCHR: 8192, S_IFBLK: 24576,
    S_IFIFO: 4096, S_IFLNK: 40960, S_IFSOCK: 49152, S_IRWXU: 448, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64, S_IRWXG: 56, S_IRGRP: 32, S_IWGRP: 16,
    S_IXGRP: 8, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1, COPYFILE_EXCL: 1, UV_FS_O_FILEMAP: 0 },
} });

module.exports = refuse.fill(os, 'os');
