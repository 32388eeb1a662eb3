// Package pipeline holds the tests of all parts together: a real Temporal
// server, the processes as the commands assemble them, the fake store and the
// demo order system, connected by real HTTP.
package pipeline
