export type { Assignment, ChildMessage, MixOutcome, Outcomes, TaskName } from './assignment.js';
