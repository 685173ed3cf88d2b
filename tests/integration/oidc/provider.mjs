// The independent peer: the certified `oidc-provider`, with the pages to sign in at that it brings for development.
// Who signs in as 4711 is `sub` 4711; how he is called there is what /called/4711/NAME said last.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const names = new Map();

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "gateway", client_secret: "a secret of 32 characters or more", redirect_uris: [redirect] }],
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  cookies: { keys: ["of the test"] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, preferred_username: names.get(sub) }),
  }),
  pkce: { required: () => true },
});
const served = provider.callback();

createServer((request, response) => {
  const [, called, sub, name] = request.url.split("/");
  if (called !== "called") return served(request, response);
  names.set(sub, name);
  return response.end();
}).listen(Number(port), "127.0.0.1", () => console.log("serving"));
