/** Runs a program and writes down, in `.peak`, the memory that it or anything it started took at most, in KiB. */
export const MEASURE = "import resource, subprocess, sys\n" +
  "code = subprocess.run(sys.argv[1:]).returncode\n" +
  "open('.peak', 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n" +
  "sys.exit(code)\n";
