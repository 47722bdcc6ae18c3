// Preloaded (`node --import`) into a process that must not outlive the one that started it. Its standard input is a pipe
// that nobody writes to; the kernel closes it when the parent is gone, however it died. Then this process gets SIGTERM.

process.stdin.on("error", () => {});
process.stdin.on("close", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
// Reading does not keep a process alive that has nothing else to do.
if ("unref" in process.stdin && typeof process.stdin.unref === "function") process.stdin.unref();
