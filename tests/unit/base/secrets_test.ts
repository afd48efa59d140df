import assert from "node:assert/strict";
import { Secrets } from "../../../lib/base/secrets.ts";

/** What is left of a variable's value when it is shown. */
function shown(value: string): string {
  const secrets = new Secrets();
  secrets.learn({ PLACE: value });
  return secrets.text(value);
}

Deno.test("credentials in addresses are secret, in whatever form they stand there", () => {
  assert.equal(shown("https://user:hunter22@host/x"), "https://user:***@host/x");
  assert.equal(shown("https://ghp_abcdef@host/x"), "https://***@host/x");
  assert.equal(shown("https://ghp_abcdef:@host/x"), "https://***:@host/x");
  assert.match(shown("https://ghp_abcdef:x-oauth-basic@host"), /^https:\/\/\*\*\*:.*@host$/);
  assert.equal(
    shown("https://b/o?X-Amz-Credential=AKIA&X-Amz-Signature=0123456789&versionId=7abcdef"),
    "https://b/o?X-Amz-Credential=AKIA&X-Amz-Signature=***&versionId=7abcdef",
  );
  assert.equal(shown("https://b/o?sv=2026&sig=a%2Fbcdef%3D"), "https://b/o?sv=2026&sig=***");
  assert.equal(shown("https://b/o?access_token=abcdefg#x"), "https://b/o?access_token=***#x");
  for (const plain of ["ssh://deploy@host/x", "https://host/a@b", "https://host/?design=abcdefg"]) {
    assert.equal(shown(plain), plain);
  }
});

Deno.test("what somebody else learns later is masked from then on", () => {
  const secrets = new Secrets();
  const known: string[] = [];
  secrets.follow(() => known);
  assert.equal(secrets.stream(), undefined);
  assert.deepEqual(secrets.deep({ text: "canary-1" }), { text: "canary-1" });
  known.push("canary-1");
  assert.deepEqual(secrets.deep({ text: "canary-1" }), { text: "***" });
  assert.equal(secrets.text("it is canary-1"), "it is ***");
});
