export { closedError } from './present-era.js';
export { SectionRunner, type Written, writing } from './section-runner.js';
export { type Instance, inPresentEra, inPresentEraSync, PAUSE, runSteps, type Steps } from './steps.js';
