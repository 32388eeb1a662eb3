//go:build !unix

package venduretest

import "os/exec"

// ownGroup does nothing here.
func ownGroup(*exec.Cmd) {}

// endGroup leaves it at ending the command itself.
func endGroup(*exec.Cmd) {}
