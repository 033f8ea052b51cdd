export type { Load, LoadContext } from './flight.js';
export type { GetOrSetOptions } from './flight-options.js';
export { Flights } from './flights.js';
