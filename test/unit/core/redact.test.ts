import { describe, expect, it } from 'vitest';
import { headerSecrets, printable, redactor, showUrl, urlSecrets, withoutControls } from '../../../src/core/redact.ts';

describe('redactor', () => {
  it('replaces every occurrence, in whatever it stands', () => {
    const redact = redactor(['topsecret']);
    expect(redact('topsecret, "topsecret", xtopsecretx')).toBe('***, "***", x***x');
  });

  it('leaves nothing of a secret that contains another one', () => {
    expect(redactor(['secret', 'secret-and-more'])('secret-and-more / secret')).toBe('*** / ***');
  });

  it('takes secrets literally, not as patterns', () => {
    expect(redactor(['a.c+(d)$&'])('a.c+(d)$& abcd')).toBe('*** abcd');
  });

  it('leaves words alone that are too short to be secrets', () => {
    expect(redactor(['', 'a', 'true', '12345'])('a true story of 12345')).toBe('a true story of 12345');
  });

  describe('hides what was cut off', () => {
    const long = 'abcdefghijklmnopqrstuvwxyz0123456789';

    it.each([16, 17, 25, 35])('after %i characters', (length) => {
      for (const after of ['', '…', ' and more', '"}']) {
        expect(redactor([long])(`you sent ${long.slice(0, length)}${after}`)).toBe(`you sent ***${after}`);
      }
    });

    it.each([3, 5, 15])('after %i characters, where the cut is marked', (length) => {
      const redact = redactor([long]);
      expect(redact(printable(`you sent ${long}, and more`, 9 + length))).toBe('you sent ***…');
      expect(redact(`"${long.slice(0, length)}…" and …`)).toBe('"***…" and …');
      expect(redact(`${long.slice(1, length)}…`)).toBe(`${long.slice(1, length)}…`);
    });

    it('but not what is shorter than that, which may be an ordinary word', () => {
      expect(redactor([long])(long.slice(0, 15))).toBe(long.slice(0, 15));
    });

    it('whichever of two secrets with one beginning it is', () => {
      const other = `${long.slice(0, 20)}-another-end`;
      const redact = redactor([other, long]);
      for (const secret of [long, other]) expect(redact(`<${secret}>`)).toBe('<***>');
    });

    it('with the secret that follows', () => {
      expect(redactor([long])(`${long.slice(0, 18)}${long}`)).toBe('******');
      const repeating = `${'ab'.repeat(9)}-end`;
      expect(redactor([repeating])(`abab${repeating}!`)).toBe('***!');
    });

    it('in time that does not grow with the square of the text', () => {
      expect(redactor(['a'.repeat(60_000)])('a'.repeat(1_000_000))).not.toContain('a');
    });
  });

  it('hides what a header holds, with and without its scheme', () => {
    const redact = redactor(headerSecrets('Authorization', 'Bearer abcdefgh'));
    expect(redact('you sent Bearer abcdefgh; the token abcdefgh')).toBe('you sent ***; the token ***');
  });

  it.each(['Basic', 'basic', 'BASIC '])('hides what is inside %s credentials', (scheme) => {
    const encoded = Buffer.from('us er:pass:wörd').toString('base64');
    const redact = redactor(headerSecrets('authorization', `${scheme} ${encoded}`));
    for (const secret of [encoded, 'us er:pass:wörd', 'pass:wörd']) expect(redact(`<${secret}>`)).toBe('<***>');
    expect(redact('the user is called us er')).toBe('the user is called us er');
  });

  it('takes for credentials of Basic whatever stands there, with a colon or without', () => {
    const secrets = headerSecrets('Authorization', `Basic ${Buffer.from('tokenwithoutcolon').toString('base64')}`);
    expect(redactor(secrets)('<tokenwithoutcolon>')).toBe('<***>');
    expect(redactor(headerSecrets('Authorization', 'Basic %%%not base64%%%'))('<%%%not base64%%%>')).toBe('<***>');
  });

  it.each(['Cookie', 'cookie', 'COOKIE'])('hides each cookie of %s by itself', (name) => {
    const redact = redactor(headerSecrets(name, 'session=first-1; csrf = a=b=c==;loose-value; short=abc'));
    expect(redact('<first-1> <a=b=c==> <loose-value>')).toBe('<***> <***> <***>');
    expect(redact('session=first-1; csrf = a=b=c==;loose-value; short=abc')).toBe('***');
    expect(redact('session and csrf are names')).toBe('session and csrf are names');
  });

  it('does not look for cookies in other headers', () => {
    expect(redactor(headerSecrets('X-Filter', 'kind=apples;size=medium'))('apples, medium')).toBe('apples, medium');
  });

  it('hides user info and query values of a URL, in both spellings', () => {
    const url = new URL('https://us%40er01:pass%2Fword@host/mcp?api_key=k%2Fey%3D12345&x=plainvalue');
    const redact = redactor(urlSecrets(url));
    for (const secret of [
      'us%40er01',
      'us@er01',
      'pass%2Fword',
      'pass/word',
      'k/ey=12345',
      'plainvalue',
      'k%2Fey%3D12345',
    ]) {
      expect(redact(`<${secret}>`)).toBe('<***>');
    }
  });

  it.each([
    ['https://host/?a=top+secret', ['top secret', 'top+secret']],
    ['https://host/?a=top%2Dsecret', ['top-secret', 'top%2Dsecret']],
    ['https://host/?a=c%7Eod%e9d', ['c%7Eod%e9d']],
    ['https://host/?a=tail==', ['tail==']],
    ['https://host/?only-a-value&x', ['only-a-value']],
    ['https://host/?a=first-1&a=second-2', ['first-1', 'second-2']],
  ])('hides query values as they are spelled in %s', (url, secrets) => {
    const redact = redactor(urlSecrets(new URL(url)));
    for (const secret of secrets) expect(redact(`<${secret}>`)).toBe('<***>');
  });

  it('survives a URL whose escapes mean nothing', () => {
    expect(redactor(urlSecrets(new URL('https://host/?q=100%25%zz%')))('nothing')).toBe('nothing');
  });
});

describe('showUrl', () => {
  it.each([
    ['https://host/mcp', 'https://host/mcp'],
    ['https://user:pass@host:8443/a/b?key=secret&key=again&q=%20#frag', 'https://host:8443/a/b?key=***&key=***&q=***'],
    ['http://[::1]:80/', 'http://[::1]/'],
    ['https://host/?a%20b=1', 'https://host/?a%20b=***'],
  ])('%s', (url, shown) => {
    expect(showUrl(new URL(url))).toBe(shown);
  });
});

describe('printable', () => {
  it('is one line without anything that moves a terminal', () => {
    const hostile = '\u001b[31mred\u0007\r\nnext\u2028line\u0000\u009b2J\u202etxet\u2066end\t';
    expect(printable(hostile)).toBe('[31mred next line 2J txet end');
  });

  it('keeps its lines where they are wanted, and nothing else that moves a terminal', () => {
    expect(withoutControls('a\u001b[2Jb\r\n\tc\u009b\u202ed')).toBe('a [2Jb \n\tc  d');
  });

  it('is short', () => {
    expect(printable('x'.repeat(5_000))).toBe(`${'x'.repeat(1_000)}…`);
    expect(printable('abcdef', 3)).toBe('abc…');
    expect(printable('abc', 3)).toBe('abc');
  });
});

describe('a secret that a server escapes', () => {
  const secrets = ['q8/Zk+3Vb/x9Lm+0Tf/aPw7+Rk==', `pa"ss&w<ord>1'23 456789x`];
  const html = (text: string): string =>
    text.replace(/[&<>"']/g, (char) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }[char]};`);
  it.each([
    ['in JSON', (text: string) => JSON.stringify(text).slice(1, -1)],
    ['in JSON with escaped slashes', (text: string) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')],
    ['in a URL', encodeURIComponent],
    ['in a form', (text: string) => new URLSearchParams({ a: text }).toString().slice(2)],
    ['in HTML', html],
  ])('%s is hidden, and so is its beginning', (_, spell) => {
    for (const secret of secrets) {
      const escaped = spell(secret);
      expect(redactor([secret])(`bad token ${escaped} there`)).toBe('bad token *** there');
      expect(redactor([secret])(`bad token ${escaped.slice(0, -2)}\n`)).toBe('bad token ***\n');
    }
  });
});
