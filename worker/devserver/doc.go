// Package devserver finds, builds and runs a Temporal server for development and
// for tests: a real one, with its Web UI, kept in an SQLite file.
//
// It takes the first of these that there is:
//
//  1. a running server, when an address is given;
//  2. the official "temporal" command on the PATH;
//  3. an executable that was downloaded or built before, in the cache directory;
//  4. the Temporal SDK's own download of the official command;
//  5. one built from the deploy/temporal module of this repository, which needs
//     the Go command and a module proxy, and minutes.
//
// Whichever it is gets the same settings: one task queue partition and fairness
// on, so that the order of work is that of production; queue processors that
// poll without the default limit of 20 a second, which adds up to 50 ms to each
// step of a workflow; SQLite with a write-ahead log.
//
// What is acknowledged survives kill -9 of the server and of the program that
// started it. The server runs in a process group of its own, so that Ctrl-C in a
// terminal reaches the program alone, which can then stop things in order.
package devserver
