export { encode, encodePayload, newHeader, type StoreValueOptions } from './encode.js';
export { placeToWrite } from './own-write.js';
export { set, setSync } from './set.js';
export { type Change, type UpdateOptions, update, updateSync } from './update.js';
export { WriteStreams } from './write-stream.js';
