import { lstatSync, readdirSync } from 'node:fs';

/** What lies in the shards of a cache, as somebody sees it who knows none of its words. */
export interface OnDisk {
  readonly entries: number;
  /** Of everything in the folders of the shards: entries, spare files, temporaries. As the kernel counts them. */
  readonly diskBytes: number;
}

export function onDisk(directory: string): OnDisk {
  let entries = 0;
  let diskBytes = 0;
  for (const era of readdirSync(`${directory}/v1`).filter((name) => name.startsWith('era-'))) {
    const data = `${directory}/v1/${era}/data`;
    for (const shard of readdirSync(data).filter((name) => !name.endsWith('.lock'))) {
      for (const name of readdirSync(`${data}/${shard}`)) {
        const stats = lstatSync(`${data}/${shard}/${name}`, { throwIfNoEntry: false });
        if (/^[0-9a-f]{64}$/.test(name)) entries += 1;
        // Space is given out late: until then the length says what it will be.
        if (stats !== undefined) diskBytes += Math.max(stats.blocks * 512, Math.ceil(stats.size / 4096) * 4096);
      }
    }
  }
  return { entries, diskBytes };
}
