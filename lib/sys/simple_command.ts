/** Words that mean the same to every shell: no quotes, no expansions, no operators. */
const PLAIN = /^[ \t]*([\w@%+:,./-]+)(?:[ \t]+[\w@%+=:,./-]+)*[ \t]*$/;

/** What `sh` runs itself or reads as grammar, be it dash, bash, busybox, ksh, mksh, zsh or yash. */
const SHELLS_OWN = new Set(
  (". : [ [[ alias array autoload bg bind bindkey break builtin bye caller case cat cd chdir command compgen " +
    "complete compopt continue coproc declare dirs disable disown do done echo elif else emulate enable esac " +
    "eval exec exit export false fc fg fi float for foreach function functions getconf getopts global hash help " +
    "hist history if in integer jobs kill let limit local log login logout mapfile namespace newgrp nocorrect " +
    "noglob popd print printf pushd pwd read readarray readonly realpath rehash rename repeat return sched select " +
    "set setopt shift shopt sleep source stop suspend test then time times trap true ttyctl type typeset ulimit " +
    "umask unalias unfunction unhash unlimit unset unsetopt until vared wait whence where which while zcompile " +
    "zmodload").split(" "),
);

/**
 * The words of a shell's text that does nothing but start one program, which needs no shell; `undefined` where a shell
 * has to read it. GNU make looks at its recipes in the same way.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { simpleCommand } from "./simple_command.ts";
 * assert.deepEqual(simpleCommand("ruff check --fix src"), ["ruff", "check", "--fix", "src"]);
 * assert.equal(simpleCommand("ruff check && echo done"), undefined);
 * assert.equal(simpleCommand("CI=1 make"), undefined);
 * ```
 */
export function simpleCommand(text: string): readonly string[] | undefined {
  const found = PLAIN.exec(text);
  if (found === null || SHELLS_OWN.has(found[1]!)) return undefined;
  return text.trim().split(/[ \t]+/);
}
