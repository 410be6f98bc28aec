import * as fc from 'fast-check';

// The same cases each time, so that a change that fails fails for what it changed. `FUZZ_SEED=random` looks for new ones.
const given = process.env['FUZZ_SEED'];
if (given !== 'random') fc.configureGlobal({ seed: Number(given ?? 1) });
