import type { Flaw } from "./flaws.ts";
import type { JsonTable } from "./toml.ts";

/** Top-level keys that old documents show, and what is written today. */
const OLD_KEYS: Readonly<Record<string, string>> = {
  command: "Write [commands.NAME]",
  vars: 'Write ctx = ["name"]',
  deps: "Write deps in the table [base]",
  venvs: "Write venv in [spaces.NAME]",
};

/** Replaces flaws that come from the forms of old documents by ones that name the right form. */
export function withOldForms(flaws: readonly Flaw[], file: JsonTable): readonly Flaw[] {
  return flaws.map((flaw) => {
    const [key] = flaw.path;
    if (flaw.path.length !== 1 || typeof key !== "string") return flaw;
    const hint = flaw.code === "config-unknown-key" && Object.hasOwn(OLD_KEYS, key)
      ? OLD_KEYS[key]
      : undefined;
    if (hint !== undefined) return oldForm(flaw, `"${key}" is an old form`, hint);
    const isProfile = key === "ctx" && flaw.code === "config-wrong-type" &&
      typeof file["ctx"] === "object";
    if (!isProfile) return flaw;
    const why = '"ctx" lists variables, profiles such as [ctx.NAME.qik] do not exist';
    return oldForm(
      flaw,
      why,
      'Write ctx = ["name"]; set qik\'s own values with QIK__NAME variables',
    );
  });
}

function oldForm({ path }: Flaw, why: string, hint: string): Flaw {
  return { code: "config-old-form", message: `Cannot read the file: ${why}`, hint, path };
}
