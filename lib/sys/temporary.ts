/** Temporary names differ between processes by pid and within one by this count. */
let temporaries = 0;

/** A name beside `path` that nobody else uses; short, so that 255-byte names still work. */
export function temporaryBeside(path: string, pid: number): string {
  const slash = path.lastIndexOf("/");
  temporaries += 1;
  return `${path.slice(0, slash + 1)}.qik-tmp-${pid}-${temporaries}-${
    Math.random().toString(36).slice(2, 8)
  }`;
}
