// Loaded into the program under test: at SIGUSR2, it makes the mistake that the variable MISTAKE names.
const MISTAKES = {
  thrown: () => {
    throw new Error('made by the test');
  },
  rejected: () => Promise.reject(new TypeError('made by the test')),
  'no-error': () => {
    throw null;
  },
  text: () => Promise.reject('made by the test\nmcp-proxy: forged'),
};

const mistake = MISTAKES[process.env.MISTAKE];
if (mistake) process.on('SIGUSR2', mistake);
