/** The part of the Standard Schema (v1) interface that qik uses; zod, valibot and arktype provide it. */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

/** The value as the schema leaves it, or everything that is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  readonly message: string;
  /** Where in the value; the value itself where unset. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
