/** This package's version; `scripts/build.mjs` and a test hold it to `package.json`. */
export const VERSION = '0.1.0';
