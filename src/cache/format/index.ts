export { BlockChecksums } from './block-checksums.js';
export { type BuiltInCodec, type Codec, codecOf, encodeValue, type NamedCodec, type PayloadMemory } from './codec.js';
export {
  BLOCK_LENGTH,
  type CodecName,
  type Damage,
  type Decoded,
  type DecodedHeader,
  decodeHeader,
  decodePayload,
  type EntryHeader,
  encodeEntry,
  encodeHeader,
  encodeTable,
  entryLength,
  FORMAT_VERSION,
  headerLengthOf,
  isRewritable,
  LONGEST_HEADER,
  payloadHolds,
  restampEntry,
  sealHeader,
  tableLength,
} from './entry.js';
export type { TagStamp } from './entry-tags.js';
export { checkTags, type Place, placeOf, SHARDS, SLOTS, slotOfName } from './key.js';
export {
  type CachePaths,
  cachePaths,
  ENDED_PREFIX,
  ERA_PREFIX,
  type EraPaths,
  endedPath,
  eraPaths,
  isVersionName,
  NEW_PREFIX,
  README_CONTENT,
  README_FILE,
  SPARE_NAME,
  TAG_CONTENT,
  TAG_FILE,
  TAG_MARK,
  TAG_SIGNATURE,
  VERSION_FOLDER,
} from './layout.js';
export type { Loaded, Storable } from './value-types.js';
export { randomVersion } from './version.js';
