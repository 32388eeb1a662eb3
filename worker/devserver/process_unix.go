//go:build unix && !linux

package devserver

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// childAttributes puts the child in a process group of its own. There is no way
// here to have it end with us; the next start adopts it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// commandLine returns the arguments of a running process, separated by spaces.
func commandLine(pid int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()

	return strings.TrimSpace(string(out)), err
}

func processRunning(pid int) bool {
	return syscall.Kill(pid, 0) == nil
}
