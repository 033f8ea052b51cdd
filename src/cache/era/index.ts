export { Era, EraEnded } from './era.js';
export { Eras } from './eras.js';
export { eraLeftovers, type LeftoverKind, readFolder, setErasAside } from './former-eras.js';
export { removeBehind, removeTree } from './remove-tree.js';
