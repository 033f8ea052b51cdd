export { changing } from './changing.js';
export { closedError } from './present-era.js';
export { SectionRunner } from './section-runner.js';
export { type Instance, inPresentEra, inPresentEraSync, PAUSE, runSteps, type Steps } from './steps.js';
