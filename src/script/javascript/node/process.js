// SPDX-License-Identifier: Apache-2.0
'use strict';

module.exports = function (host, loader, refuse) {
  let events;
  // Most scripts never listen on process; the emitter is loaded for those that do.
  const emitter = () => (events ??= new (loader.builtin('events'))());

  const write = (level) => (chunk, encoding, callback) => {
    host.write(level, typeof chunk === 'string' ? chunk : loader.builtin('buffer').Buffer.from(chunk).toString());
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) host.tick(done);
    return true;
  };
  const stream = (fd, level) => ({
    fd, writable: true, isTTY: false, columns: undefined, write: write(level), end: write(level),
    on() { return this; }, once() { return this; }, off() { return this; }, emit: () => false,
    removeListener() { return this; }, getColorDepth: () => 1, hasColors: () => false, cork() {}, uncork() {},
  });

  const hrtime = (since) => {
    const now = host.nanoseconds();
    const [seconds, rest] = [Math.floor(Number(now / 1000000000n)), Number(now % 1000000000n)];
    if (!since) return [seconds, rest];
    const difference = [seconds - since[0], rest - since[1]];
    return difference[1] < 0 ? [difference[0] - 1, difference[1] + 1000000000] : difference;
  };
  hrtime.bigint = () => host.nanoseconds();

  const environment = {};
  for (const line of host.environment) {
    const equals = line.indexOf('=');
    if (equals > 0) environment[line.slice(0, equals)] = line.slice(equals + 1);
  }

  const process = {
    title: 'alkemio-init',
    version: 'v20.19.0',
    versions: { node: '20.19.0', quickjs: '2025-04-26' },
    release: { name: 'node' },
    platform: 'linux',
    arch: host.architecture,
    pid: host.pid,
    ppid: 0,
    exitCode: undefined,
    // Libraries ask whether there is one.
    domain: undefined,
    execPath: '/usr/local/bin/node',
    execArgv: [],
    argv0: 'node',
    argv: ['/usr/local/bin/node', '', ...host.arguments],
    // As Node's, a variable is always text.
    env: new Proxy(environment, {
      set(target, key, value) { target[key] = String(value); return true; },
      defineProperty(target, key, { value, ...rest }) {
        return Reflect.defineProperty(target, key, { ...rest, value: String(value), configurable: true, enumerable: true, writable: true });
      },
    }),
    config: { variables: {}, target_defaults: {} },
    features: {},
    stdout: stream(1, 'info'),
    stderr: stream(2, 'error'),
    stdin: { fd: 0, isTTY: false, on() { return this; }, once() { return this; }, resume() { return this; }, pause() { return this; } },
    cwd: () => host.project,
    umask: () => 0o22,
    uptime: () => performance.now() / 1000,
    hrtime,
    nextTick: (callback, ...values) => host.tick(values.length ? () => callback(...values) : callback),
    memoryUsage: () => host.memory(),
    cpuUsage: () => host.processor(),
    resourceUsage: () => ({ ...host.processor(), maxRSS: host.memory().rss / 1024 }),
    getuid: () => host.uid,
    geteuid: () => host.uid,
    getgid: () => host.gid,
    getegid: () => host.gid,
    emitWarning(warning) {
      host.write('warn', `${warning instanceof Error ? `${warning.name}: ${warning.message}` : warning}\n`);
    },
    // What a script means by it is that it wants to end now; it is told apart from other errors by its code.
    exit(code) {
      const error = new Error(`the script called process.exit(${code ?? process.exitCode ?? ''})`);
      error.code = 'ERR_PROCESS_EXIT';
      error.exitCode = code ?? process.exitCode ?? 0;
      throw error;
    },
    binding: refuse.refused('process.binding'),
    emitUncaught(event, error, promise) {
      if (!events || events.listenerCount(event) === 0) return false;
      events.emit(event, error, promise ?? event);
      return true;
    },
    setUncaughtExceptionCaptureCallback() {},
    hasUncaughtExceptionCaptureCallback: () => false,
    [Symbol.toStringTag]: 'process',
  };
  process.memoryUsage.rss = () => host.memory().rss;
  for (const name of ['on', 'addListener', 'once', 'off', 'removeListener', 'removeAllListeners', 'emit', 'prependListener',
    'prependOnceListener', 'setMaxListeners']) {
    process[name] = function (...values) {
      const result = emitter()[name](...values);
      return name === 'emit' ? result : process;
    };
  }
  for (const name of ['listeners', 'listenerCount', 'eventNames', 'rawListeners', 'getMaxListeners']) {
    process[name] = (...values) => emitter()[name](...values);
  }
  return refuse.fill(process, 'process');
};
