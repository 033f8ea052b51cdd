import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { RequestLine } from './access.js';

/** Longer URLs are cut, so that a line of the log is one write. */
const LONGEST_URL = 500;

const requests = new AsyncLocalStorage<RequestLine>();

/** Lets {@link currentRequest} know the requests of node:http from now on. */
export function followRequests(): void {
  // Published right before the server's `request` event, and in the same asynchronous context.
  subscribe('http.server.request.start', (message) => {
    const { method, url } = (message as { request: { method?: string; url?: string } }).request;
    requests.enterWith({ method: method ?? '', url: (url ?? '').slice(0, LONGEST_URL) });
  });
}

/** The request that the running code works for, as far as the asynchronous context tells. */
export function currentRequest(): RequestLine | undefined {
  return requests.getStore();
}
