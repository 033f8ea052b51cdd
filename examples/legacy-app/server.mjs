// A shop as they grow over the years: one file of prices, rewritten in place, and three places in the code that touch it.
//
//     node examples/legacy-app/server.mjs FOLDER [PORT]
//
//     POST /prices    writes FOLDER/prices.json    (write-prices.mjs; takes the lock)
//     GET  /page      reads it                     (page.mjs; takes the lock)
//     GET  /feed      reads it                     (feed.mjs; somebody forgot)
//
// Which of the three is the culprit? Ask the running program, and use it for a while:
//
//     holdfast trace --files 'FOLDER/*.json' -- examples/legacy-app/server.mjs FOLDER
//     holdfast trace report holdfast-trace
//
// The report names the line in feed.mjs, and GET /feed as a request that leads there.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { feed } from './feed.mjs';
import { page } from './page.mjs';
import { writePrices } from './write-prices.mjs';

const [folder, port = '0'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node examples/legacy-app/server.mjs FOLDER [PORT]');
  process.exit(2);
}

const path = join(folder, 'prices.json');
await writePrices(path, { apples: 3, pears: 4 });

const server = createServer(async (request, response) => {
  try {
    switch (`${request.method} ${request.url?.split('?')[0]}`) {
      case 'POST /prices':
        await writePrices(path, { apples: Math.ceil(Math.random() * 9), pears: Math.ceil(Math.random() * 9) });
        return response.end('written\n');
      case 'GET /page':
        return response.end(await page(path));
      case 'GET /feed':
        return response.end(await feed(path));
      case 'POST /stop':
        response.end('stopped\n');
        return server.close();
      default:
        response.statusCode = 404;
        return response.end('POST /prices, GET /page, GET /feed, POST /stop\n');
    }
  } catch (error) {
    response.statusCode = 500;
    return response.end(`${error}\n`);
  }
});
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
