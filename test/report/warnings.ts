import { failAtWarnings } from '../helpers/warnings.js';

failAtWarnings();
