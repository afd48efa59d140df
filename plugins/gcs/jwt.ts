/** A service account's word for itself, signed with its key: what Google's token service takes (RFC 7523). */
export async function signedAssertion(
  { email, privateKey, keyId, audience, scope, nowMs }: {
    readonly email: string;
    /** PEM, PKCS #8. */
    readonly privateKey: string;
    readonly keyId: string | undefined;
    readonly audience: string;
    readonly scope: string;
    readonly nowMs: number;
  },
): Promise<string> {
  const issued = Math.floor(nowMs / 1000);
  const head = { alg: "RS256", typ: "JWT", ...(keyId !== undefined && { kid: keyId }) };
  const claims = { iss: email, scope, aud: audience, iat: issued, exp: issued + 3600 };
  const text = `${base64Url(JSON.stringify(head))}.${base64Url(JSON.stringify(claims))}`;
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("pkcs8", derOf(privateKey), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign(algorithm.name, key, new TextEncoder().encode(text));
  return `${text}.${base64UrlBytes(new Uint8Array(signature))}`;
}

function derOf(pem: string): Uint8Array<ArrayBuffer> {
  const body = pem.replaceAll(/-----[^-]+-----|\s/g, "");
  return Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
}

function base64Url(text: string): string {
  return base64UrlBytes(new TextEncoder().encode(text));
}

function base64UrlBytes(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
