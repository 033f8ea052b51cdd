export { FolderEviction } from './folder-eviction.js';
export { folderUpkeep } from './folder-upkeep.js';
