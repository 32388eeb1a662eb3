//go:build unix

package venduretest

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps the signals of our terminal away from a process: we end it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup ends a command together with the processes that it started when its
// context does: npm leaves them behind otherwise.
func endGroup(cmd *exec.Cmd) {
	ownGroup(cmd)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
