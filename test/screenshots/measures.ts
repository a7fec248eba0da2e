// Expressions that measure a page in the browser that shows it.

/** Of every element with text of its own: the contrast of its text to the nearest background (WCAG 2.2, 1.4.3). */
export const CONTRASTS = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.body.querySelectorAll('*')]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [dark, light] = [luminance(getComputedStyle(e).color), luminance(ground(e))].sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    });
})()`;

/** The words of the heading that are broken over more than one line. */
export const BROKEN_WORDS = `(() => {
  const walker = document.createTreeWalker(document.querySelector('h1'), NodeFilter.SHOW_TEXT);
  const broken = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { 0: word, index } of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map((rect) => rect.top)).size > 1) broken.push(word);
    }
  }
  return broken;
})()`;
