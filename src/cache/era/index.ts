export { Era, EraEnded } from './era.js';
export { Eras } from './eras.js';
export { eraLeftovers, type LeftoverKind, readFolder, setErasAside } from './former-eras.js';
export { closedError } from './present-era.js';
export { removeBehind, removeTree } from './remove-tree.js';
export { Store, writing } from './store.js';
