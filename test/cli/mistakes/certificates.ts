// Certificates of servers, and those of this program.
import { legacyServer } from '../../peers/minimal-server.ts';
import { type Certificate, startScripted } from '../../peers/scripted.ts';
import { createAuthority, selfSigned } from '../../peers/tls.ts';
import { type Group, server } from './mistake.ts';
import type { Workspace } from './workspace.ts';

const DAY = 24 * 60 * 60 * 1000;
const ago = (days: number): Date => new Date(Date.now() - days * DAY);

/** A certificate that nobody trusts. */
export const certified = (): Certificate => createAuthority('Example Root CA').issue();

/** A server whose authority is trusted, with something else wrong about its certificate. */
const trusted =
  (...issue: Parameters<ReturnType<typeof createAuthority>['issue']>) =>
  async (workspace: Workspace) => {
    const authority = createAuthority('Example Root CA');
    workspace.file('ca.pem', authority.pem);
    return { url: (await workspace.open(startScripted('/mcp', legacyServer(), authority.issue(...issue)))).url };
  };

export const CERTIFICATES: Group = {
  title: 'Certificates',
  mistakes: [
    {
      title: 'The certificate has expired',
      command: 'mcp-proxy {url} --ca ca.pem',
      setUp: trusted({ from: ago(30), until: ago(2) }),
    },
    {
      title: 'The certificate is not valid yet',
      command: 'mcp-proxy {url} --ca ca.pem',
      setUp: trusted({ from: ago(-2), until: ago(-30) }),
    },
    {
      title: 'The certificate is for another name',
      command: 'mcp-proxy {url} --ca ca.pem',
      setUp: trusted({ hosts: ['server.example', 'www.server.example'] }),
    },
    {
      title: 'The certificate is for other addresses',
      command: 'mcp-proxy {url} --ca ca.pem',
      setUp: trusted({ hosts: ['192.0.2.1'] }),
    },
    {
      title: 'The certificate is self-signed',
      command: 'mcp-proxy {url}',
      setUp: server(() => startScripted('/mcp', legacyServer(), selfSigned('server.example'))),
    },
    {
      title: 'The authority of the certificate is unknown',
      command: 'mcp-proxy {url}',
      setUp: server(() => startScripted('/mcp', legacyServer(), certified())),
    },
    {
      title: 'The file of --ca holds another authority',
      command: 'mcp-proxy {url} --ca ca.pem',
      setUp: async (workspace) => {
        workspace.file('ca.pem', createAuthority('Another Root CA').pem);
        return { url: (await workspace.open(startScripted('/mcp', legacyServer(), certified()))).url };
      },
    },
    {
      title: 'The server demands a client certificate',
      command: 'mcp-proxy {url} --ca ca.pem',
      setUp: async (workspace) => {
        const authority = createAuthority('Example Root CA');
        workspace.file('ca.pem', authority.pem);
        const demanding = { ...authority.issue(), ca: authority.pem, requestCert: true, minVersion: 'TLSv1.3' };
        return { url: (await workspace.open(startScripted('/mcp', legacyServer(), demanding))).url };
      },
    },
    {
      title: 'The key does not belong to the certificate',
      command: 'mcp-proxy {url} --ca ca.pem --cert cert.pem --key key.pem',
      setUp: async (workspace) => {
        const filled = await trusted()(workspace);
        workspace.file('cert.pem', certified().cert);
        workspace.file('key.pem', certified().key);
        return filled;
      },
    },
    {
      title: 'Certificate checks are switched off as in other programs',
      command: 'mcp-proxy https://server.example/mcp --insecure',
    },
  ],
};
