// SPDX-License-Identifier: Apache-2.0
// Writes what is in a bundle as SPDX 2.3: the Debian packages its files came from, those linked into the program, and the
// npm packages inside it, each with its version.
//   node sbom.mjs BUNDLE PACKAGES JAVASCRIPT VERSION
//     PACKAGES     lines "package file": from which Debian package a file of the bundle is, or has code
//     JAVASCRIPT   the build's folder of rooms with their node_modules
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [bundle, list, javascript, version] = process.argv.slice(2);
const id = (...words) => `SPDXRef-${words.join('-').replace(/[^A-Za-z0-9.-]/g, '-')}`;
const purl = (locator) => [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator }];
const unknown = { downloadLocation: 'NOASSERTION', filesAnalyzed: false, licenseConcluded: 'NOASSERTION', copyrightText: 'NOASSERTION' };

const lines = readFileSync(list, 'utf8').trim().split('\n').map((line) => line.split(' '));
const filesOf = new Map();
for (const [name, file] of lines) filesOf.set(name, [...(filesOf.get(name) ?? []), file]);

function debian(name) {
  const format = '${Version}\\t${source:Package}\\t${Architecture}\\n';
  const [found, source, architecture] = execFileSync('dpkg-query', ['-W', '-f', format, name], { encoding: 'utf8' }).split('\n')[0].split('\t');
  return { name, SPDXID: id('deb', name), versionInfo: found, supplier: 'Organization: Debian', ...unknown, licenseDeclared: 'NOASSERTION',
    comment: `Source package ${source}; its licences: share/licences/${source}.gz`,
    externalRefs: purl(`pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(found)}?arch=${architecture}&distro=trixie`) };
}

function npm() {
  const found = new Map();
  for (const room of readdirSync(javascript)) {
    const folder = join(javascript, room);
    if (!existsSync(join(folder, 'package-lock.json'))) continue;
    const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
    for (const [path, { dev }] of Object.entries(packages)) {
      if (path === '' || dev || !existsSync(join(folder, path))) continue;
      const { name, version: its, license } = JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'));
      found.set(`${name}@${its}`, { name, SPDXID: id('npm', name, its), versionInfo: its, ...unknown, licenseDeclared: license ?? 'NOASSERTION',
        externalRefs: purl(`pkg:npm/${name.replace('@', '%40')}@${its}`) });
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key));
}

function file(path) {
  const hash = (kind) => createHash(kind).update(readFileSync(join(bundle, path))).digest('hex');
  const checksums = [['SHA1', 'sha1'], ['SHA256', 'sha256']].map(([algorithm, kind]) => ({ algorithm, checksumValue: hash(kind) }));
  return { fileName: `./${path}`, SPDXID: id('file', path), checksums, licenseConcluded: 'NOASSERTION', copyrightText: 'NOASSERTION' };
}

const own = { name: 'alkemio-init', SPDXID: id('alkemio-init'), versionInfo: version, ...unknown, licenseDeclared: 'Apache-2.0',
  externalRefs: purl(`pkg:generic/alkemio-init@${version}`) };
const debs = [...filesOf.keys()].sort().map(debian);
const modules = npm();
const files = [...new Set(lines.map(([, path]) => path))].sort().map(file);
const inside = (path) => path === 'bin/alkemio-init';
const relations = [{ spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: own.SPDXID }];
for (const { SPDXID } of files) relations.push({ spdxElementId: own.SPDXID, relationshipType: 'CONTAINS', relatedSpdxElement: SPDXID });
for (const { name, SPDXID } of debs) {
  for (const path of filesOf.get(name)) {
    relations.push({ spdxElementId: id('file', path), relationshipType: inside(path) ? 'STATIC_LINK' : 'GENERATED_FROM', relatedSpdxElement: SPDXID });
  }
}
for (const { SPDXID } of modules) relations.push({ spdxElementId: id('file', 'bin/alkemio-init'), relationshipType: 'CONTAINS', relatedSpdxElement: SPDXID });

// The name of the document follows from its content, so that equal bundles have equal lists.
const packages = [own, ...debs, ...modules];
const content = createHash('sha256').update(JSON.stringify([packages, files])).digest('hex');
const document = {
  spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT', name: `alkemio-init-${version}`,
  documentNamespace: `https://alkem.io/spdx/alkemio-init-${version}-${content.slice(0, 32)}`,
  creationInfo: { created: new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString().replace('.000', ''), creators: ['Tool: alkemio-init scripts/bundle'] },
  packages, files, relationships: relations,
};
writeFileSync(join(bundle, 'share/sbom.spdx.json'), `${JSON.stringify(document)}\n`);
