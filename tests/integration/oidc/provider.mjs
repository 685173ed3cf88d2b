// The independent peer: the certified `oidc-provider`, with the pages to sign in at that it brings for development.
// Who signs in as `4711:chen` is `sub` 4711, who is called chen.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "gateway", client_secret: "a secret of 32 characters or more", redirect_uris: [redirect] }],
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  cookies: { keys: ["of the test"] },
  findAccount: (_, id) => {
    const [sub, name] = id.split(":");
    return { accountId: id, claims: () => ({ sub, preferred_username: name }) };
  },
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("serving"));
