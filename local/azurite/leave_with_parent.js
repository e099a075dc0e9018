// Loaded before Azurite: when the process that started it closes its end of stdin, or dies, Azurite
// writes its state and ends. The same on every system, where signals are not.
"use strict";

const GRACE_MILLISECONDS = 8000;

function leave() {
  setTimeout(() => process.exit(0), GRACE_MILLISECONDS).unref();
  const heard = process.emit("SIGTERM");
  if (!heard) process.exit(0); // still starting: nothing to write yet
}

process.stdin.once("end", leave).once("error", leave).resume();
