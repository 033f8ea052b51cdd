// @ts-check
// npm run interface: writes what the package promises in its types, one report for each door, to test/interface/.
// With --check, as its test calls it, it compares them instead, so that no change of the interface goes unseen, and nothing internal
// becomes part of it. Ends with 1 where something has changed. Names of doors (`./race`) choose some.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import manifest from '../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = `${root}test/interface`;
const made = `${root}dist/.interface`;
const check = process.argv.includes('--check');

/** @param {string} door as package.json names it: `.` or `./race` @param {string} types path of its declarations */
function reportOf(door, types) {
  const name = door === '.' ? 'holdfast' : door.slice(2);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: `${root}${types}`,
      compiler: {
        overrideTsconfig: {
          compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, skipLibCheck: true, types: ['node'] },
          files: [`${root}${types}`],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: reports,
        reportTempFolder: made,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          // A type that is part of the interface and has no exported name: the report says so, and its reader sees it.
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${root}package.json`,
  });
  return Extractor.invoke(config, { localBuild: !check, showVerboseMessages: false });
}

mkdirSync(made, { recursive: true });
const asked = process.argv.slice(2).filter((word) => word !== '--check');
for (const [door, target] of Object.entries(manifest.exports)) {
  if (asked.length > 0 && !asked.includes(door)) continue;
  if (typeof target === 'string' || !existsSync(`${root}${target.types}`)) continue;
  const { succeeded, apiReportChanged } = reportOf(door, target.types.slice(2));
  if (succeeded && !(check && apiReportChanged)) continue;
  console.error(`The types of ${door} are not what test/interface/ says. If that is meant: npm run interface.`);
  process.exitCode = 1;
}
rmSync(made, { recursive: true, force: true });
