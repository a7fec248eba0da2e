// The bill of materials of a release, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).
import { createHash } from 'node:crypto';
import { packageName, packageVersion, repositoryUrl, SUMMARY } from './facts.mjs';

/** @typedef {import('../components.mjs').Component} Component */

/**
 * @param {readonly Component[]} bundled the packages in every form of the program
 * @param {readonly Component[]} nodes the Nodes in the executables
 */
export function sbomOf(bundled, nodes) {
  const name = packageName();
  const own = `pkg:npm/${encodeURIComponent(name).replace('%2F', '/')}@${packageVersion()}`;
  const components = [
    ...bundled.map((component) => componentOf(component, `pkg:npm/${component.name}@${component.version}`)),
    ...nodes.map((component) => componentOf(component, `pkg:generic/node@${component.version}`)),
  ];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    // Derived from the contents, so that the same release gets the same file.
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([own, components]))}`,
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': own,
        name,
        version: packageVersion(),
        description: SUMMARY,
        licenses: [{ license: { id: 'MIT' } }],
        purl: own,
        externalReferences: [{ type: 'vcs', url: repositoryUrl() }],
      },
    },
    components,
    dependencies: [{ ref: own, dependsOn: components.map((component) => component['bom-ref']) }],
  };
}

/** @param {Component} component @param {string} purl */
function componentOf({ name, version, licence }, purl) {
  const type = name === 'node' ? 'platform' : 'library';
  return { type, 'bom-ref': purl, name, version, licenses: [{ license: { id: licence } }], purl };
}

/** @param {string} text */
function uuidOf(text) {
  const digest = createHash('sha256').update(text).digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
