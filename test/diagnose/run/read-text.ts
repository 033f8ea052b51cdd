import type { DiagnoseReport, Finding } from '../../../src/diagnose/index.js';
import { diagnose } from '../../../src/diagnose/index.js';

/** Diagnoses logs that are given as text: one, or several by name. */
export async function diagnoseText(logs: string | Readonly<Record<string, string>>): Promise<DiagnoseReport> {
  const named = typeof logs === 'string' ? { log: logs } : logs;
  return diagnose(Object.entries(named).map(([name, text]) => ({ name, chunks: [text] })));
}

/** What a finding is about, without its words. */
export function gist({ kind, path, victim, culprit, reader, writer }: Finding) {
  return {
    kind,
    path,
    ...(victim && { victim: victim.pid }),
    ...(culprit && { culprit: culprit.pid }),
    ...(reader && { reader: reader.pid }),
    ...(writer && { writer: writer.pid }),
  };
}

export async function findingsIn(logs: string | Readonly<Record<string, string>>) {
  return (await diagnoseText(logs)).findings.map(gist);
}
