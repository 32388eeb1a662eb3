//go:build !unix

package devserver

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// childAttributes asks for nothing special here.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{}
}

// commandLine cannot be known here.
func commandLine(pid int) (string, error) {
	return "", fmt.Errorf("arguments of process %d: %w", pid, errors.ErrUnsupported)
}

// processRunning relies on a process handle being available only for a process
// that exists, which is so on Windows.
func processRunning(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}

	_ = p.Release()

	return true
}
